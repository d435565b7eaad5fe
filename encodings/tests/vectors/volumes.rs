//! Claims that not everybody may use at once: ReadWriteOnce and ReadWriteOncePod.

use crate::support::{World, cluster, deployment, node};
use kubound_encodings::cluster::workload::{Access, ExclusiveClaim};
use kubound_encodings::cluster::{Cluster, Origin};

/// Two workloads that use one claim, on two nodes.
fn sharing(access: Access) -> Cluster {
    let claim =
        ExclusiveClaim { name: "data".into(), access, origin: Origin { object: "x".into(), field: "y".into() } };
    let mut workloads = ["web", "api"].map(|name| deployment(name, 2, 100, 100)).to_vec();
    workloads.iter_mut().for_each(|one| one.exclusive_claims = vec![claim.clone()]);
    cluster(vec![node("a", &[]), node("b", &[])], workloads)
}

#[test]
fn a_pod_waits_while_its_volume_is_attached_to_another_node() {
    let mut world = World::fine(&sharing(Access::OneNode));
    world.set("terminating[default/api][a]", 1).set("bound[default/web][a]", 1).set("bound[default/web][b]", 1);
    let starts = |world: &World| world.enabled("kubelet/start/").iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    assert_eq!(starts(&world), ["kubelet/start/default/web/a"], "one that terminates keeps the volume");
    world.set("terminating[default/api][a]", 0);
    assert_eq!(starts(&world).len(), 2, "it is not attached anywhere");
    world.fire("kubelet/start/default/web/b");
    assert_eq!(starts(&world), [""; 0]);
}

#[test]
fn a_claim_for_one_pod_keeps_others_from_all_nodes() {
    let mut world = World::fine(&sharing(Access::OnePod));
    world.set("pending[default/web]", 1);
    assert_eq!(world.enabled("default-scheduler/bind/").len(), 2);
    world.set("terminating[default/api][a]", 1);
    assert_eq!(world.enabled("default-scheduler/bind/"), [""; 0]);
}

#[test]
fn others_do_not_wait() {
    let mut cluster = sharing(Access::OneNode);
    cluster.workloads[1].reference.namespace = "other".into();
    let mut world = World::fine(&cluster);
    world.set("running[other/api][a]", 1).set("bound[default/web][b]", 1);
    assert_eq!(world.enabled("kubelet/start/"), ["kubelet/start/default/web/b"], "another claim of that name");
}
