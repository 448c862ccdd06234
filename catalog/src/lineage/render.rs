//! Renderings of walks: Graphviz DOT, and JSON lines as the command line prints them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::walk::Edge;

/// A digraph in Graphviz's DOT language; inferred edges are dashed, those of unknown direction without an arrow.
pub fn to_dot(edges: &[Edge]) -> String {
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for edge in edges {
        for end in [&edge.from, &edge.to] {
            let number = nodes.len();
            nodes.entry(end).or_insert(number);
        }
    }
    let mut dot = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n");
    for (name, number) in &nodes {
        let _ = writeln!(dot, "  n{number} [label={}];", quoted(name));
    }
    for edge in edges {
        let style = if edge.reported_by == "headwater" { ", style=dashed" } else { "" };
        let arrow = if edge.direction_known { "" } else { ", dir=none" };
        let (from, to) = (nodes[edge.from.as_str()], nodes[edge.to.as_str()]);
        let _ = writeln!(dot, "  n{from} -> n{to} [label={}{style}{arrow}];", quoted(&edge.kind));
    }
    dot.push_str("}\n");
    dot
}

/// A double-quoted string: in DOT only the quote is escaped; a backslash is doubled, as labels read escapes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// One JSON object a line.
pub fn to_json_lines(edges: &[Edge]) -> String {
    let line = |edge| serde_json::to_string(edge).expect("an edge has string keys and finite numbers") + "\n";
    edges.iter().map(line).collect()
}
