"""Prints the public holidays of python-holidays for each calendar of accepted-calendars.txt, as second-source.json has them.

  python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install holidays==0.109
  cd test/activities/legal-clock
  /tmp/holidays/bin/python second-source.py > second-source.json && npx prettier --write second-source.json
"""

import json
import pathlib

import holidays

YEARS = range(2025, 2033)

# What python-holidays calls them.
SUBDIVISIONS = {
    "DE-BY-A": "Augsburg",
    "ES-CT-B": "Barcelona",
    "FR-57": "57",
    "FR-67": "6AE",
    "FR-68": "6AE",
    "FR-GF": "973",
    "FR-GP": "971",
    "FR-MQ": "972",
    "FR-RE": "974",
    "FR-YT": "976",
    "IT-21-TO": "TO",
    "IT-25-MI": "MI",
    "IT-52-FI": "FI",
    "IT-62-RM": "RM",
    "IT-82-PA": "PA",
}
# Where the whole calendar is Catholic, and Catholic holidays are public ones.
CATHOLIC = {"DE-BY-A": "Augsburg", "DE-BY-KATH": "BY", "DE-TH-EIC": "TH"}


def compared_as(calendar):
    """The calendar itself, or the nearest one around it that python-holidays has; and what it calls it."""
    parts = calendar.split("-")
    known = getattr(holidays, parts[0]).subdivisions
    while len(parts) > 1:
        code = "-".join(parts)
        if code in CATHOLIC:
            return code, CATHOLIC[code]
        if code in SUBDIVISIONS:
            return code, SUBDIVISIONS[code]
        if len(parts) == 2 and parts[1] in known:
            return code, parts[1]
        parts.pop()
    return parts[0], None


def days_of(calendar, subdivision):
    found = holidays.country_holidays(
        calendar.split("-")[0],
        subdiv=subdivision,
        years=YEARS,
        categories=("public", "catholic") if calendar in CATHOLIC else ("public",),
    )
    # A holiday at a weekend moves nothing, but where Saturdays are business days.
    return {day.isoformat() for day in found if day.weekday() < 5 or calendar.startswith("US")}


def by_year(days):
    found = {}
    for day in sorted(days):
        found.setdefault(day[:4], []).append(day[5:])
    return {year: " ".join(rest) for year, rest in found.items()}


def main():
    listed = (pathlib.Path(__file__).parent / "accepted-calendars.txt").read_text().split()
    countries, regions, absent = {}, {}, {}
    for calendar in listed:
        code, subdivision = compared_as(calendar)
        country = calendar.split("-")[0]
        if code != calendar:
            absent[calendar] = code
        if country not in countries:
            countries[country] = days_of(country, None)
        days = days_of(code, subdivision)
        if code == calendar and calendar != country:
            more, less = days - countries[country], countries[country] - days
            regions[calendar] = {
                **({"more": by_year(more)} if more else {}),
                **({"less": by_year(less)} if less else {}),
            }
    print(
        json.dumps(
            {
                "source": f"python-holidays {holidays.__version__}",
                "absent": absent,
                "countries": {country: by_year(days) for country, days in countries.items()},
                "regions": regions,
            },
            ensure_ascii=False,
        )
    )


main()
