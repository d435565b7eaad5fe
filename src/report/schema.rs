//! The JSON Schema of reports, made from the types behind them.

use super::document::Document;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Where the schema of a report can be found under this version.
const ID: &str = "https://kubound.dev/schemas/v1alpha1/report.schema.json";

/// The schema of `-o json`, in draft 7, which editors read. Readers should accept fields that it does not name.
pub fn report() -> Value {
    let schema = SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<Document>();
    let mut schema = Value::from(schema);
    schema["$id"] = ID.into();
    schema["title"] = "Report of Kubound".into();
    schema
}
