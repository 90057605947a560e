"""Places and their clocks: overseas France, and the foreign places of cooperation (IANA zones)."""

from __future__ import annotations

from functools import lru_cache

# Read only after an hour. CET and CEST are used loosely all year long: the clock of Paris, flagged when it is not on.
NAMED: dict[str, str] = {
    "gmt": "UTC",
    "utc": "UTC",
    "tu": "UTC",
    "ut": "UTC",
    "tuc": "UTC",
    "cet": "CET",
    "cest": "CEST",
}

_ZONES = """
Europe/Paris: paris|france|francaise|metropole|metropolitaine|lyon|marseille|toulouse|nantes|strasbourg|lille|hexagone|france metropolitaine|paris france
America/Martinique: martinique|fort-de-france|schoelcher|le lamentin
America/Guadeloupe: guadeloupe|pointe-a-pitre|basse-terre|les abymes|antilles
America/Cayenne: guyane|cayenne|kourou|saint-laurent-du-maroni|guyane francaise
Indian/Reunion: reunion|saint-denis de la reunion|saint-denis-de-la-reunion|le tampon|ile de la reunion|saint-paul de la reunion|saint-pierre de la reunion
Indian/Mayotte: mayotte|mamoudzou|dzaoudzi
Pacific/Noumea: nouvelle-caledonie|noumea|caledonie
Pacific/Tahiti: polynesie|polynesie francaise|papeete|tahiti|faaa
Pacific/Wallis: wallis|wallis-et-futuna|mata-utu
America/Miquelon: saint-pierre-et-miquelon|miquelon
Africa/Johannesburg: johannesburg|le cap|durban|pretoria|afrique du sud
Europe/Tirane: tirana|albanie
Africa/Algiers: alger|oran|tlemcen|setif|annaba|bejaia|algerie|tizi ouzou
Europe/Berlin: berlin|karlsruhe|dusseldorf|mulheim|heidelberg|hambourg|munich|francfort|allemagne|cologne|bonn
America/Argentina/Buenos_Aires: buenos aires|argentine
Asia/Yerevan: erevan|goris|armenie|gumri
Australia/Brisbane: brisbane
Australia/Sydney: sydney
Australia/Adelaide: adelaide
Europe/Brussels: bruxelles|liege|namur|charleroi|belgique
Africa/Porto-Novo: cotonou|porto-novo|ouidah|parakou|bohicon|benin
America/La_Paz: la paz|el alto|bolivie
Europe/Sarajevo: sarajevo|mostar
America/Sao_Paulo: sao paulo|rio de janeiro|porto alegre|belo horizonte|brasilia
America/Belem: belem
America/Recife: recife
America/Bahia: salvador de bahia
America/Manaus: manaus
Europe/Sofia: sofia|plovdiv|bulgarie
Africa/Ouagadougou: ouagadougou|bobo-dioulasso|koudougou|dori|ouahigouya|burkina faso|burkina
Africa/Bujumbura: bujumbura|gitega|burundi
Asia/Phnom_Penh: phnom penh|siem reap|battambang|cambodge
Africa/Douala: yaounde|douala|dschang|bafoussam|cameroun
America/Toronto: montreal|quebec|gatineau|sherbrooke|toronto|ottawa
America/Vancouver: vancouver
Atlantic/Cape_Verde: praia|cap-vert
Africa/Bangui: bangui|centrafrique
America/Santiago: santiago|santiago du chili|valparaiso|chili
Asia/Shanghai: pekin|shanghai|chengdu|chongqing|canton|jinan|luoyang|wuhan|chine|beijing|shenzhen
America/Bogota: bogota|medellin|barranquilla|colombie|carthagene des indes
Indian/Comoro: moroni|mutsamudu|anjouan|comores
Africa/Brazzaville: brazzaville|pointe-noire
Africa/Kinshasa: kinshasa
Africa/Lubumbashi: lubumbashi|goma|bukavu
Asia/Seoul: seoul|daejeon|busan|jeju|suwon|incheon|coree|coree du sud
Africa/Abidjan: abidjan|bouake|yamoussoukro|cote d'ivoire
Europe/Zagreb: dubrovnik|zagreb|split|rijeka|croatie
America/Havana: la havane|cienfuegos|cuba
Africa/Djibouti: djibouti
Africa/Cairo: le caire|alexandrie|egypte
America/Guayaquil: quito|guayaquil|equateur
Europe/Madrid: saragosse|barcelone|madrid|bilbao|espagne|seville|grenade
Europe/Tallinn: tallinn|tartu|estonie
America/New_York: new york|atlanta|philadelphie|washington|boston|miami
America/Chicago: chicago|minneapolis|la nouvelle-orleans
America/Los_Angeles: los angeles|seattle|san francisco
Africa/Addis_Ababa: addis-abeba|ethiopie
Africa/Libreville: libreville|gabon
Asia/Tbilisi: tbilissi|batoumi|koutaissi|georgie
Africa/Accra: accra|kumasi|ghana
Europe/Athens: athenes|thessalonique|grece
America/Guatemala: guatemala
Africa/Conakry: conakry|kindia|guinee
America/Port-au-Prince: port-au-prince|cap-haitien|jacmel|les cayes|haiti
America/Tegucigalpa: tegucigalpa|honduras
Europe/Budapest: budapest|hongrie
Asia/Kolkata: pondichery|bangalore|bombay|chandigarh|new delhi|inde|delhi|mumbai
Asia/Jakarta: jakarta
Asia/Baghdad: erbil|mossoul|bagdad|irak|halabja
Asia/Jerusalem: tel-aviv|haifa|jerusalem|israel
Europe/Rome: bologne|turin|lampedusa|rome|palerme|italie|milan|naples|venise
Asia/Tokyo: kanazawa|takamatsu|kumamoto|shizuoka|sendai|kyoto|tokyo|osaka|hiroshima|japon|nagoya
Asia/Amman: amman|jordanie
Europe/Belgrade: pristina|belgrade|serbie|novi sad
Asia/Vientiane: vientiane|luang prabang|laos
Asia/Beirut: beyrouth|saida|zahle|liban
Africa/Tripoli: benghazi|misrata|libye
Europe/Luxembourg: luxembourg
Indian/Antananarivo: antananarivo|tananarive|toamasina|mahajanga|antsirabe|madagascar
Africa/Bamako: bamako|kayes|segou|mopti|mali
Africa/Casablanca: rabat|marrakech|agadir|tanger|casablanca|maroc|chefchaouen
Indian/Mauritius: port-louis|ile maurice
Africa/Nouakchott: nouakchott|nouadhibou|rosso|mauritanie
America/Mexico_City: mexico|guadalajara|mexique
America/Monterrey: monterrey
Europe/Chisinau: chisinau|moldavie
Asia/Ulaanbaatar: oulan-bator|mongolie
Europe/Podgorica: podgorica|montenegro
Africa/Maputo: maputo|beira|mozambique
Asia/Kathmandu: katmandou|nepal
America/Managua: managua|nicaragua
Africa/Niamey: niamey|zinder|dosso|tillaberi|niger
Africa/Lagos: lagos|abuja|nigeria
Africa/Kampala: kampala|ouganda
Asia/Tashkent: tachkent|samarcande|ouzbekistan
Asia/Hebron: ramallah|bethleem|hebron|naplouse|jerusalem-est|palestine
Asia/Gaza: gaza
America/Lima: lima|arequipa|cuzco|perou
Europe/Warsaw: varsovie|lublin|rzeszow|cracovie|pologne
Europe/Lisbon: lisbonne|porto
America/Santo_Domingo: saint-domingue|republique dominicaine
Europe/Prague: prague|brno
Europe/Bucharest: bucarest|cluj|iasi|timisoara|roumanie
Europe/London: londres|edimbourg|royaume-uni|glasgow
Europe/Dublin: dublin|irlande
Europe/Moscow: moscou|saint-petersbourg
Africa/Kigali: kigali|rwanda
Africa/Dakar: dakar|rufisque|ziguinchor|thies|matam|senegal
Asia/Damascus: damas|alep|syrie
Africa/Ndjamena: n'djamena|ndjamena|tchad|moundou
Africa/Lome: lome|sokode|tsevie|atakpame|togo
Africa/Tunis: tunis|sousse|sfax|monastir|gabes|kairouan|tunisie
Europe/Istanbul: istanbul|ankara|izmir|turquie|konya
Europe/Kyiv: kiev|kyiv|lviv|kharkiv|odessa|ukraine
America/Montevideo: montevideo|uruguay
Asia/Ho_Chi_Minh: hanoi|ho-chi-minh-ville|hue|can tho|haiphong|da nang|vietnam
Asia/Aden: sanaa|yemen
Asia/Dubai: dubai|abou dhabi|emirats
Europe/Zurich: geneve|zurich|berne|lausanne|suisse
Europe/Vienna: vienne (autriche)|autriche
Europe/Copenhagen: copenhague
Europe/Stockholm: stockholm
Europe/Oslo: oslo
Europe/Helsinki: helsinki
"""
# States and regions: their clock is said (« heure du Japon »), but a state in a title is a subject, not the venue.
_STATES = frozenset(
    "france|francaise|metropole|metropolitaine|hexagone|france metropolitaine|antilles|caledonie|afrique du sud|albanie|algerie|allemagne|argentine"
    "|armenie|belgique|benin|bolivie|bulgarie|burkina faso|burkina|burundi|cambodge|cameroun|cap-vert|centrafrique|chili|chine|colombie|comores|coree"
    "|coree du sud|cote d'ivoire|croatie|cuba|djibouti|egypte|equateur|espagne|estonie|ethiopie|gabon|georgie|ghana|grece|guatemala|guinee|haiti"
    "|honduras|hongrie|inde|irak|israel|italie|japon|jordanie|serbie|laos|liban|libye|luxembourg|madagascar|mali|maroc|ile maurice|mauritanie|mexique"
    "|moldavie|mongolie|montenegro|mozambique|nepal|nicaragua|niger|nigeria|ouganda|ouzbekistan|palestine|gaza|perou|pologne|republique dominicaine"
    "|roumanie|royaume-uni|irlande|rwanda|senegal|syrie|tchad|togo|tunisie|turquie|ukraine|uruguay|vietnam|yemen|emirats|suisse|autriche|split"
    "|porto|mexico|santiago|le cap|tours|cologne|grenade|rosario|reunion|dori|lima|vienne (autriche)|bonn|praia".split(
        "|"
    )
)


@lru_cache(1)
def _places() -> dict[str, str]:
    return {
        name.replace("-", " ").replace("'", " "): zone
        for zone, names in (line.split(": ", 1) for line in _ZONES.strip().splitlines())
        for name in names.split("|")
    }


@lru_cache(1)
def _venues() -> frozenset[str]:
    return frozenset(_places()) - {name.replace("-", " ").replace("'", " ") for name in _STATES}


def place(words: list[str], *, venue: bool = False) -> tuple[str, int] | None:
    """Give the zone of the longest place name that begins `words` (folded, no punctuation) and how many words it takes.

    `venue`: only towns and overseas territories, whose name says where something happens.
    """
    known = _places()
    for count in range(min(len(words), 6), 0, -1):
        name = " ".join(words[:count])
        if name in known and (not venue or name in _venues()):
            return known[name], count
    return None
