// Reads calendars with ical.js or node-ical: `node read.mjs READER FILE…` prints {file: [event, …]}, each event as
// event.py has it. What a reader throws, or says on the console, ends the script with an error.

import { readFileSync } from "node:fs";
import ICAL from "ical.js";
import nodeIcal from "node-ical";

for (const level of ["debug", "info", "log", "warn", "error"]) {
  console[level] = (...words) => {
    throw new Error(`said on the console: ${words.join(" ")}`);
  };
}

const instant = (date) => date.toISOString().replace(/[-:]|\.000/g, "");

function byIcalJs(text) {
  const moment = (time) =>
    time.isDate ? time.toICALString() : instant(new Date(1000 * time.toUnixTime()));
  return new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((component) => {
    const { uid, startDate, endDate, summary, description, location } = new ICAL.Event(component);
    const status = component.getFirstPropertyValue("status");
    return { uid, start: moment(startDate), end: moment(endDate), status, summary, description, location };
  });
}

function byNodeIcal(text) {
  const pad = (number) => String(number).padStart(2, "0");
  const day = (date) => `${date.getFullYear()}${pad(date.getMonth() + 1)}${pad(date.getDate())}`;
  const moment = (date) => (date.dateOnly ? day(date) : instant(date));
  return Object.values(nodeIcal.sync.parseICS(text))
    .filter(({ type }) => type === "VEVENT")
    .map(({ uid, start, end, status = null, summary, description = null, location = null }) => {
      return { uid, start: moment(start), end: moment(end), status, summary, description, location };
    });
}

const [name, ...files] = process.argv.slice(2);
const read = { "ical.js": byIcalJs, "node-ical": byNodeIcal }[name];
const reading = Object.fromEntries(files.map((file) => [file, read(readFileSync(file, "utf-8"))]));
process.stdout.write(JSON.stringify(reading));
