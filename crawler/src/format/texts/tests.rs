use crate::format::{Head, tree};

/// Text, name → format and media type.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "import os\n\ndef main(argv):\n    if argv:\n        return os.getcwd()\n",
        "tool",
        "code",
        "text/x-python",
    ),
    ("#!/bin/sh\necho a, b\necho c, d\n", "run", "code", "application/x-sh"),
    ("#!/usr/bin/env python3\nprint(1)\n", "tool", "code", "text/x-python"),
    ("#include <stdio.h>\n\nint main(void) {\n  return 0;\n}\n", "main.c", "code", "text/x-c"),
    ("static const int a[] = {\n1, 2, 3,\n4, 5, 6,\n7, 8, 9,\n};\n", "table.c", "code", "text/x-c"),
    (
        "package main\n\nimport (\n\t\"fmt\"\n)\n\nfunc main() {\n\tfmt.Println(1)\n}\n",
        "x.go",
        "code",
        "text/x-go",
    ),
    (
        "# Title\n\nSome **words** and a [link](http://a.example).\n\n## More\n\n- a\n- b\n",
        "README",
        "markdown",
        "text/markdown",
    ),
    ("# Title\n\nwords\n", "a.md", "markdown", "text/markdown"),
    ("[package]\nname = \"a\"\nversion = \"1\"\n[deps]\nb = { v = 1 }\n", "x", "toml", "application/toml"),
    ("[main]\nhost = a.example\nport = 80\n\n[other]\npath = /tmp\n", "app", "ini", "text/x-ini"),
    (
        "# set\nserver.port=80\nserver.host=a.example\n",
        "app.properties",
        "properties",
        "text/x-java-properties",
    ),
    (
        "-- people\nCREATE TABLE people (id int, name text);\nINSERT INTO people VALUES (1, 'a');\n",
        "dump",
        "sql",
        "application/sql",
    ),
    ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "a", "calendar", "text/calendar"),
    ("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada\r\nEND:VCARD\r\n", "a", "vcard", "text/vcard"),
    (
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "a",
        "pem",
        "application/pem-certificate-chain",
    ),
    ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n", "x", "diff", "text/x-diff"),
    ("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "a", "subtitles", "text/vtt"),
    ("1\n00:00:01,000 --> 00:00:02,000\nHello\n", "a", "subtitles", "application/x-subrip"),
    (
        "feature {\n  name: \"age\"\n  type: INT\n}\nfeature {\n  name: \"b\"\n}\n",
        "schema.pbtxt",
        "pbtxt",
        "text/x-protobuf",
    ),
    ("@relation r\n@attribute a numeric\n@data\n1\n2\n", "a.arff", "arff", "text/x-arff"),
    ("<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>", "a", "svg", "image/svg+xml"),
    (
        "<?xml version=\"1.0\"?>\n<!-- c --><gpx><wpt lat=\"1\" lon=\"2\"/></gpx>",
        "a",
        "xml",
        "application/gpx+xml",
    ),
    ("<!doctype html><html><body>Not found</body></html>", "people.csv", "html", "text/html"),
    ("{\"type\":\"FeatureCollection\",\"features\":[]}", "a", "json", "application/geo+json"),
    ("// settings\n{\n  \"a\": 1, // one\n}\n", "settings.json", "json", "application/json"),
    ("a,b,c\n1,b\n2\n3,b,c\n", "a.csv", "csv", "text/csv"),
    ("a\tb\n1\t2\n", "a.tsv", "csv", "text/tab-separated-values"),
    ("name: a\nitems:\n  - b: 1\n    c: 2\n  - b: 3\n", "conf", "yaml", "application/yaml"),
    ("ts=1 level=info msg=\"a b\" user=7\nts=2 level=warn msg=c user=8\n", "out", "log", "text/x-log"),
    (
        "id        name      amount\n1         Ada       2.50\n2         Bo        3.50\n",
        "fixed",
        "text",
        "text/plain",
    ),
    (
        "Dear Ada,\n\nthank you; see you soon. We import (and export) goods: tea.\n",
        "letter",
        "text",
        "text/plain",
    ),
];

#[test]
fn text_is_known_by_what_stands_in_it() {
    let wrong: Vec<_> = CASES
        .iter()
        .filter_map(|(text, name, format, media_type)| {
            let told = tree::sniff(&Head::new(text.as_bytes(), &[], true, name));
            let right = told.format.id == *format && told.media_type == *media_type;
            (!right).then(|| {
                format!("{name}, {format}: {} {} {}", told.format.id, told.media_type, told.confidence)
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
