"""Words into meaning: text, URLs, HTML, dates, and raw items into sightings."""
