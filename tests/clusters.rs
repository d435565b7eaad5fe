//! The clusters that are measured as a whole (`benches/clusters`): they are what their names say, and nothing in them is left
//! out of the model.

#[path = "../benches/clusters/faults.rs"]
mod faults;
#[path = "../benches/clusters/platform.rs"]
mod platform;
#[path = "../benches/clusters/rows.rs"]
mod rows;

use kubound::limits::reader::MAX_NODES;
use kubound::manifest::{Loaded, Severity, load_embedded};
use kubound_encodings::cluster::Start;
use rows::{Row, rows};
use std::fs;
use std::path::Path;

fn loaded(row: &Row) -> Loaded {
    load_embedded(&row.name, &row.files).unwrap_or_else(|error| panic!("{}: {error:?}", row.name))
}

#[test]
fn all_clusters_are_read_whole() {
    let is_refused =
        |row: &Row| row.curve.is_some_and(|(_, size)| row.name.starts_with("nodes") && i64::from(size) > MAX_NODES);
    for row in rows().iter().filter(|row| !is_refused(row)) {
        let loaded = loaded(row);
        let left_out: Vec<String> = loaded
            .notes
            .iter()
            .filter(|note| note.severity != Severity::Harmless)
            .map(|note| note.message.clone())
            .collect();
        assert!(left_out.is_empty(), "{}: {left_out:?}", row.name);
    }
}

#[test]
fn the_cluster_of_a_platform_team_has_what_they_have() {
    let all = rows();
    let named = |name: &str| loaded(all.iter().find(|row| row.name == name).expect(name));
    let cluster = named("platform").cluster;
    assert_eq!(cluster.pools.iter().map(|pool| pool.count.hi).sum::<i64>(), 50);
    let of = |kind: &str| cluster.workloads.iter().filter(|workload| workload.reference.kind == kind).count();
    assert_eq!((of("Deployment"), of("DaemonSet"), of("StatefulSet")), (20, 2, 1));
    assert!(cluster.hpas.len() >= 5 && cluster.disruption_budgets.len() >= 5 && cluster.descheduler.is_some());
    let snapshot = named("snapshot").cluster;
    assert_eq!((snapshot.start, snapshot.pools.len()), (Start::Snapshot, 50));
    let pods: i64 = snapshot.placed.iter().map(|placed| placed.pods.hi).sum();
    assert!((290..=310).contains(&pods), "{pods} pods");
    let deployments = named("deployments-100").cluster.workloads.len();
    let nodes: i64 = named("nodes-200").cluster.pools.iter().map(|pool| pool.count.hi).sum();
    assert_eq!((deployments, nodes), (100, 200));
}

#[test]
fn a_set_is_a_folder_with_all_that_is_below_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sets");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("shop/base")).expect("folders");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app}]}\n";
    fs::write(folder.join("shop/base/web.yaml"), pod).expect("written");
    fs::write(folder.join("shop/values.txt"), "no manifest").expect("written");
    let rows = rows::of_folder(&folder, 3, "drain: {node: node-0}").expect("a folder");
    assert_eq!((rows.len(), rows[0].name.as_str(), rows[0].curve), (1, "shop-3", None));
    let cluster = loaded(&rows[0]).cluster;
    assert_eq!((cluster.workloads.len(), cluster.pools[0].count.hi, cluster.events.len()), (1, 3, 1));
}
