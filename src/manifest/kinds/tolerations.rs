//! Tolerations, with the pair that admission adds.

use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, table};
use super::super::view::View;
use super::syntax::{check_key, check_value};
use kubound_encodings::cluster::TaintEffect;
use kubound_encodings::cluster::pod::Toleration;

/// A toleration.
pub(super) static TOLERATION: Table = table(
    "io.k8s.api.core.v1.Toleration",
    &[is_read("effect"), is_read("key"), is_read("operator"), is_read("tolerationSeconds"), is_read("value")],
);

/// How long pods stay on a node that is not ready or unreachable, unless they say otherwise (section 6.3).
const DEFAULT_SECONDS: i64 = 300;

/// Reads `tolerations` and adds the default pair.
pub(super) fn read(view: Option<View>) -> Result<Vec<Toleration>, InputError> {
    let mut tolerations = Vec::new();
    for item in view.map(|view| view.list()).transpose()?.unwrap_or_default() {
        tolerations.push(read_one(&item)?);
    }
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let is_tolerated = tolerations.iter().any(|toleration: &Toleration| {
            (toleration.key.is_empty() || toleration.key == key)
                && toleration.effect.is_none_or(|effect| effect == TaintEffect::NoExecute)
        });
        if !is_tolerated {
            tolerations.push(Toleration {
                key: key.into(),
                exists: true,
                value: String::new(),
                effect: Some(TaintEffect::NoExecute),
                seconds: Some(DEFAULT_SECONDS),
            });
        }
    }
    Ok(tolerations)
}

fn read_one(view: &View) -> Result<Toleration, InputError> {
    let fields = view.fields()?;
    let text = |key: &str| -> Result<String, InputError> {
        Ok(fields.read(key, |view| view.text().map(str::to_owned))?.unwrap_or_default())
    };
    let (key, value) = (text("key")?, text("value")?);
    let exists = match fields.get("operator") {
        Some(operator) if operator.value.as_text() == Some("") => false,
        Some(operator) => operator.one_of(&[("Exists", true), ("Equal", false)])?,
        None => false,
    };
    let effect = match fields.get("effect") {
        Some(effect) if effect.value.as_text() != Some("") => Some(effect.one_of(TaintEffect::NAMES)?),
        _ => None,
    };
    let seconds = fields.read("tolerationSeconds", |view| view.integer(i64::MIN..=i64::MAX))?;
    fields.judge_rest(&TOLERATION);
    if !key.is_empty() {
        check_key(&View { path: format!("{}.key", view.path), ..view.clone() }, &key)?;
    }
    if !exists {
        check_value(&View { path: format!("{}.value", view.path), ..view.clone() }, &value)?;
    }
    if key.is_empty() && !exists {
        return Err(view.error("a toleration without a key").expected("operator Exists where the key is empty"));
    }
    if exists && !value.is_empty() {
        return Err(view.error("a value with operator Exists").expected("no value, or operator Equal"));
    }
    if seconds.is_some() && effect != Some(TaintEffect::NoExecute) {
        return Err(view.error("tolerationSeconds without effect NoExecute").expected("effect: NoExecute"));
    }
    // Negative durations mean at once.
    Ok(Toleration { key, exists, value, effect, seconds: seconds.map(|seconds| seconds.max(0)) })
}
