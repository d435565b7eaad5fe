//! Ports of containers, with the checks of the API server (`validateContainerPorts`). They matter only where they bind a port
//! of the node; on its network all do.

use super::super::ErrorKind;
use super::super::Severity::Harmless;
use super::super::error::InputError;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::container_fields::PORT;
use super::syntax::is_port_name;
use kubound_encodings::cluster::HostPort;
use std::collections::BTreeSet;

const REFUSED: &str = "the API server refuses such a pod";

const PROTOCOLS: &[(&str, &str)] = &[("TCP", "TCP"), ("UDP", "UDP"), ("SCTP", "SCTP")];

/// Reads the ports of a container: those of the node that it binds as long as its pod runs.
pub(super) fn read(
    container: &Fields,
    is_initial: bool,
    is_sidecar: bool,
    on_host: bool,
) -> Result<Vec<HostPort>, InputError> {
    let (mut ports, mut names) = (Vec::new(), BTreeSet::new());
    for item in container.items("ports")? {
        let Some(port) = read_one(&item, on_host, &mut names)? else { continue };
        if is_initial && !is_sidecar {
            item.note(Harmless, "the scheduler looks at the ports of containers only that run as long as their pod");
        } else {
            ports.push(port);
        }
    }
    Ok(ports)
}

fn read_one<'a>(item: &View<'a>, on_host: bool, names: &mut BTreeSet<&'a str>) -> Result<Option<HostPort>, InputError> {
    let fields = item.fields()?;
    check_name(item, names)?;
    let inside = fields.require("containerPort", "an integer from 1 to 65535")?.integer(1..=65535)?;
    let given_view = fields.get("hostPort");
    let given = given_view.as_ref().map(|view| view.integer(0..=65535)).transpose()?.unwrap_or(0);
    let protocol = fields.choice("protocol", PROTOCOLS, "TCP")?;
    let ip = fields.read("hostIP", |view| view.text().map(str::to_owned))?.unwrap_or_default();
    fields.judge_rest(&PORT);
    let port = if on_host && given == 0 { inside } else { given };
    if on_host && port != inside {
        let at = given_view.unwrap_or(fields.view);
        let error = at.error(format!("hostPort {port} on the network of the node, where the container has {inside}"));
        return Err(error.expected("the containerPort, or no hostPort").help(REFUSED));
    }
    Ok((port != 0).then(|| HostPort { ip, protocol: protocol.to_owned(), port }))
}

/// A name is of the right form, and no other port of the container has it.
fn check_name<'a>(item: &View<'a>, names: &mut BTreeSet<&'a str>) -> Result<(), InputError> {
    let Some(name) = item.value.below(&["name"]).and_then(Value::as_text).filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let at = format!("{}.name", item.path);
    if !is_port_name(name) {
        let error = item.context.error(&at, format!("`{name}` is no name of a port"));
        return Err(error.expected("lower-case letters, digits and `-`, at most 15, with a letter").help(REFUSED));
    }
    if !names.insert(name) {
        let error = item.context.error(&at, format!("a second port `{name}`")).kind(ErrorKind::Duplicate);
        return Err(error.expected("a name of its own for each port of a container").help(REFUSED));
    }
    Ok(())
}

/// No port of the node is bound twice by containers that run side by side (`checkHostPortConflicts`).
pub(super) fn check_conflicts<'p>(ports: impl Iterator<Item = &'p HostPort>, at: &View) -> Result<(), InputError> {
    let mut bound = BTreeSet::new();
    for port in ports {
        if !bound.insert(port) {
            let error = at.error(format!("port {} of the node is bound twice", port.port)).kind(ErrorKind::Duplicate);
            return Err(error.expected("each hostPort once, for an address and a protocol").help(REFUSED));
        }
    }
    Ok(())
}
