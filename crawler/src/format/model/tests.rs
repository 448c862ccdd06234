use catalog::model::AnomalyKind;

use super::{GGUF, ONNX, SAFETENSORS};
use crate::format::Format;
use crate::format::collect::{fixtures, read};

/// `field=value` of each fact.
fn facts(format: &Format, name: &str) -> Vec<String> {
    let (model, outcome) = read(format, &fixtures(format, name).remove(0).1);
    outcome.unwrap();
    assert_eq!(model.anomalies, [], "{name}");
    let texts: Vec<String> = model.cells.iter().map(|cell| cell.value.to_string()).collect();
    texts.chunks(2).map(|pair| pair.join("=")).collect()
}

#[test]
fn headers_tell_who_made_a_model_and_what_is_in_it() {
    let text = |field: &str, value: &str| format!("Text({field:?})=Text({value:?})");
    let mail = "ada.berg@mail.example";
    assert_eq!(
        facts(&SAFETENSORS, "good-weights"),
        [text("author", mail), text("format", "pt"), text("layer.weight", "F32[2, 4]")]
    );
    assert_eq!(
        facts(&GGUF, "good-model"),
        [
            text("gguf.version", "3"),
            text("general.author", mail),
            text("general.alignment", "32"),
            text("tokenizer.ggml.tokens", "2 values"),
            text("x.scale", "0.5"),
            text("blk.0.weight", "type 0 [4, 2]"),
        ]
    );
    assert_eq!(
        facts(&ONNX, "good-net"),
        [
            text("ir_version", "8"),
            text("producer_name", "pytorch"),
            text("producer_version", "2.1"),
            text("graph", "net"),
            text("initializer", "w"),
            text("input", "pixels"),
            text("output", "label"),
            text("author", mail),
        ]
    );
}

#[test]
fn what_a_header_promises_is_not_believed() {
    let kinds = |format: &Format, name: &str| {
        let (model, outcome) = read(format, &fixtures(format, name).remove(0).1);
        outcome.unwrap();
        model.anomalies.iter().map(|anomaly| anomaly.0).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&SAFETENSORS, "truncated-weights"), [AnomalyKind::Truncated]);
    assert_eq!(kinds(&SAFETENSORS, "hostile-length"), [AnomalyKind::Truncated]);
    assert_eq!(kinds(&SAFETENSORS, "hostile-deep"), [AnomalyKind::Corrupt]);
    assert_eq!(kinds(&GGUF, "truncated-model"), [AnomalyKind::Truncated]);
    assert_eq!(kinds(&GGUF, "hostile-counts"), [AnomalyKind::Truncated]);
    assert_eq!(kinds(&GGUF, "hostile-nested"), [AnomalyKind::Corrupt]);
    assert_eq!(kinds(&ONNX, "hostile-length"), [AnomalyKind::Truncated]);
}
