from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import icalendar
import pytest

from generator.predictions import (
    FeedEntry,
    atom_feed,
    badge_json,
    calendar,
    evaluate,
    ledger_entries,
    overall_badge_json,
    pass_rate,
    prediction_json,
    read_ledger,
    seal,
)
from generator.predictions.words import condition_words, event_words, flip_words, margin_words, metric_words
from generator.schema.prediction import Event, Metric
from tests.predictions.builders import day, panel_of, prediction_of, provider, rng, write_prediction

SITE = "https://example.org/watch/"
ROWS = [(f"m{i}", "x", "2026-06-01", {"swe": 10.0 * i, "gpqa": 10.0 * i + i % 2}) for i in range(1, 8)]
ATOM = "{http://www.w3.org/2005/Atom}"


def evaluation(tmp_path, state=None, at="2026-09-01", **blocks):
    found = evaluate(
        prediction_of(tmp_path, **blocks), provider(panel_of(ROWS)), as_of=day(at), rng=rng(), resamples=50
    )
    return found.recorded(state)


def entry(number=1, **more):
    values = {
        "id": f"urn:x:{number}",
        "title": "T",
        "summary": "S",
        "updated": f"2026-09-0{number}T00:00:00Z",
        "link": SITE,
        **more,
    }
    return FeedEntry(**values)


def feed(entries, **more):
    text = atom_feed(
        entries, site_url=SITE, feed_url=SITE + "feed.xml", title="Predictions", updated="2026-01-01T00:00:00Z", **more
    )
    return ElementTree.fromstring(text)


def test_the_feed_is_newest_first_and_bounded():
    root = feed([entry(1), entry(3), entry(2)], limit=2)
    assert [e.find(f"{ATOM}id").text for e in root.findall(f"{ATOM}entry")] == ["urn:x:3", "urn:x:2"]
    assert root.find(f"{ATOM}updated").text == "2026-09-03T00:00:00Z"
    assert feed([]).find(f"{ATOM}updated").text == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "a & b", "]]>", "quote \" and '", "null \x00 bell \x07 end", "ünïcödé 🙂", "\ud800"],
)
def test_whatever_stands_in_a_title_the_feed_stays_xml_and_says_it_back(text):
    root = feed([entry(title=text, summary=text, link=SITE + "?a=1&b=<2>")])
    found = root.find(f"{ATOM}entry")
    shown = "".join(
        c if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in text
    )
    assert found.find(f"{ATOM}title").text == shown
    assert found.find(f"{ATOM}link").get("href") == SITE + "?a=1&b=<2>"


def test_a_ledger_becomes_feed_entries_with_permanent_ids(tmp_path):
    write_prediction(tmp_path)
    line = seal(tmp_path, "one", at="2026-11-21T12:00:00Z")
    found = ledger_entries(prediction_of(tmp_path), read_ledger(tmp_path, "one"), site_url=SITE)
    assert found == [
        FeedEntry(
            f"urn:sha256:{line.hash}",
            "A title: sealed",
            "A statement.",
            "2026-11-21T12:00:00Z",
            "https://example.org/watch/predictions/one/",
        )
    ]


def test_the_calendar_holds_each_deadline_in_utc_and_can_be_read(tmp_path):
    nasty = 'A, title; with \\ marks: "ü" ' + "and a very long tail " * 6 + "🙂🙂🙂"
    first = prediction_of(
        tmp_path, title=json.dumps(nasty.strip(), ensure_ascii=False), closes="2026-12-31T23:59:59-05:00", number="3"
    )
    event = prediction_of(
        tmp_path,
        id="two",
        event="\nlab: deep\nreleases: 2\nafter: 2026-05-31\nscored_on: [swe]\n",
        closes='"2028-02-29T12:00[Europe/Berlin]"',
    )
    statement = prediction_of(tmp_path, id="three", kind="statement", closes=None)
    text = calendar([first, event, statement], site_url=SITE, stamp="2026-11-21T00:00:00Z")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    assert 'A\\, title\\; with \\\\ marks: "ü"' in text.replace("\r\n ", "")
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert [(e["UID"], e["DTSTART"].dt.isoformat()) for e in events] == [
        ("one@capewatch", "2027-01-01T04:59:59+00:00"), ("two@capewatch", "2028-02-29T11:00:00+00:00"),
    ]  # fmt: skip
    assert str(events[0]["SUMMARY"]) == f"deadline of prediction 3: {nasty.strip()}"
    assert str(events[1]["SUMMARY"]) == "latest end of prediction A title"
    assert str(events[0]["DESCRIPTION"]) == "A statement.\n\nA page, https://example.org/page"
    assert events[0]["URL"] == "https://example.org/watch/predictions/one/"


@pytest.mark.parametrize(
    ("state", "message", "colour"),
    [
        (None, "open, on course to pass", "green"), ("passed", "passed", "brightgreen"), ("failed", "failed", "red"),
        ("undetermined", "undetermined", "blueviolet"), ("annulled", "annulled", "lightgrey"), ("not yet registered", "not yet registered", "lightgrey"),
    ],
)  # fmt: skip
def test_a_badge_shows_the_state_or_the_standing_of_an_open_one(tmp_path, state, message, colour):
    badge = json.loads(badge_json(evaluation(tmp_path, state, number="5")))
    assert badge == {"schemaVersion": 1, "label": "prediction 5", "message": message, "color": colour}


def test_annulled_and_undetermined_never_enter_the_pass_rate(tmp_path):
    states = ["passed", "failed", "failed", "undetermined", "annulled", None]
    evaluations = [evaluation(tmp_path, state) for state in states]
    assert pass_rate(evaluations) == {
        "annulled": 1,
        "failed": 2,
        "open": 1,
        "passed": 1,
        "undetermined": 1,
        "pass_rate": pytest.approx(1 / 3),
    }
    assert json.loads(overall_badge_json(evaluations))["message"] == "1 of 3 passed, 1 open, 2 undetermined or annulled"
    assert json.loads(overall_badge_json(evaluations[-1:]))["message"] == "none decided, 1 open"
    early = evaluation(tmp_path, "not yet registered")
    assert json.loads(overall_badge_json([early]))["message"] == "none decided, 1 not yet registered"
    both = [evaluation(tmp_path), evaluation(tmp_path, "awaiting data")]
    assert json.loads(overall_badge_json(both))["message"] == "none decided, 1 open, 1 awaiting data"
    assert pass_rate([early]) == {"not yet registered": 1, "pass_rate": None}
    assert pass_rate(evaluations[-1:])["pass_rate"] is None


def test_the_json_of_one_prediction_holds_file_evaluation_and_ledger(tmp_path):
    write_prediction(tmp_path)
    seal(tmp_path, "one", at="2026-11-21T12:00:00Z")
    data = json.loads(prediction_json(prediction_of(tmp_path), evaluation(tmp_path), read_ledger(tmp_path, "one")))
    assert data["prediction"]["pass"] == {"metric": "r", "above": 0.5}
    assert data["evaluation"]["state"] == "open"
    assert data["ledger"][0]["event"] == "sealed"


def test_criteria_are_said_in_words(tmp_path):
    prediction = prediction_of(
        tmp_path, metrics="\ns: {kind: top-k-spread, axis: swe, k: 5}\ng: {kind: top-k-spread, axis: gpqa, k: 5, order_by: swe}\n",
        passes="\nall:\n  - {metric: s, below: 2}\n  - any:\n      - {metric: g, above: 5}\n      - {metric: g, at_most: 1}\n", fails="{metric: s, above: 5}",
    )  # fmt: skip
    names = {"swe": "SWE-bench Verified", "gpqa": "GPQA Diamond"}
    assert condition_words(prediction.passes, prediction.metrics, names=names) == (
        "the SWE-bench Verified spread among the top 5 by SWE-bench Verified is below 2 pp and "
        "(the GPQA Diamond spread among the top 5 by SWE-bench Verified is above 5 pp or "
        "the GPQA Diamond spread among the top 5 by SWE-bench Verified is at most 1 pp)"
    )


def test_every_kind_of_metric_has_words_of_its_own():
    from generator.schema.prediction import METRICS, Line

    said = {
        kind: metric_words(
            Metric(
                kind=kind,
                axis="a",
                over="o",
                x="x",
                y="y",
                axes=["a", "b"],
                k=5,
                threshold=5.0,
                half_width=3.0,
                release=1,
                fit="frozen",
                line=Line(slope=0.5, intercept=46),
            )
        )
        for kind in METRICS
    }
    assert all(words != kind for kind, words in said.items())
    assert len(set(said.values())) == len(METRICS)


def test_the_releases_that_count_are_said_in_a_sentence():
    event = Event(lab="deepseek", releases=2, after="2026-05-31", scored_on=["swe", "gpqa"])
    assert event_words(event) == (
        "the first 2 releases of deepseek after 2026-05-31 that have scores on swe and gpqa; models released on one day count once, "
        "by the one that leads on swe"
    )


def test_a_metric_that_two_criteria_compare_is_said_once(tmp_path):
    found = evaluation(tmp_path, passes="{metric: r, above: 0.9999}", fails="{metric: r, below: 0.5}")
    r = found.metrics["r"].estimate
    assert found.because == (
        f"the correlation of swe and gpqa is {r:.4g} (to pass: above 0.9999, missed by {0.9999 - r:.3g}; "
        f"to fail: below 0.5, missed by {r - 0.5:.3g})",
    )


def test_margins_and_what_would_flip_them_are_said_with_unit_and_distance(tmp_path):
    found = evaluation(tmp_path, passes="{metric: r, above: 0.9999}", fails="{metric: n, below: 7}")
    prediction = prediction_of(tmp_path, passes="{metric: r, above: 0.9999}", fails="{metric: n, below: 7}")
    r = found.metrics["r"].estimate
    assert margin_words(found.margins, prediction.metrics) == found.because
    assert found.because[1] == "the number of models with swe and gpqa is 7 (to fail: below 7, missed by 0)"
    assert flip_words(prediction, found.margins) == (
        f"to pass, the correlation of swe and gpqa would have to rise by {0.9999 - r:.3g}",
        "to fail, the number of models with swe and gpqa would have to fall by 0",
    )
