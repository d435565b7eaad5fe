use super::*;
use crate::report::scene::{CountDocument, NodeSceneDocument, PodsDocument};
use crate::text::testing::at_columns;

fn pods(of: &str, status: &str, count: i64) -> PodsDocument {
    PodsDocument { of: of.into(), status: status.into(), count }
}

fn node(name: &str, marks: &[&str], pods: Vec<PodsDocument>) -> NodeSceneDocument {
    NodeSceneDocument { name: name.into(), marks: marks.iter().map(|mark| (*mark).to_owned()).collect(), pods }
}

fn ready(ready: i64) -> Vec<CountDocument> {
    vec![CountDocument { of: "default/web".into(), ready, wanted: Some(2) }]
}

/// A drain: the node is cordoned, a pod goes, and comes back as a pending one.
fn pictures() -> Vec<Picture> {
    let two = || vec![pods("default/web", "Running", 2)];
    let one = || vec![pods("default/web", "Running", 1)];
    let waiting = vec![pods("default/web", "Pending", 1)];
    let cordoned: &[&str] = &["SchedulingDisabled"];
    vec![
        Picture { nodes: vec![node("a", &[], two()), node("b", &[], vec![])], unplaced: vec![], workloads: ready(2) },
        Picture {
            nodes: vec![node("a", cordoned, two()), node("b", &[], vec![])],
            unplaced: vec![],
            workloads: ready(2),
        },
        Picture {
            nodes: vec![node("a", cordoned, one()), node("b", &[], vec![])],
            unplaced: vec![],
            workloads: ready(1),
        },
        Picture { nodes: vec![node("a", cordoned, one())], unplaced: waiting, workloads: ready(1) },
    ]
}

fn steps(count: usize) -> Vec<ToldStep> {
    let step = |number| ToldStep {
        number,
        actor: "kubectl".into(),
        reason: format!("Step{number}"),
        text: "acts".into(),
        ..ToldStep::default()
    };
    (1..=count).map(step).collect()
}

const PLAIN: Options = Options::plain();

#[test]
fn the_cluster_is_shown_after_each_step_with_what_is_new_in_it() {
    let (steps, pictures) = (steps(3), pictures());
    let film = Film { steps: &steps, repeats: Some((3, 3)), pictures: &pictures };
    let expected = "  start         * marks what a step changes
                NODE    STATUS                      WORKLOAD     PODS
                a       Ready                       default/web  2 Running
                b       Ready                       -
                ready: default/web 2 of 2
  step 1        kubectl  Step1  acts
                a       Ready,SchedulingDisabled *  default/web  2 Running
                b       Ready                       -
                ready: default/web 2 of 2
  step 2        kubectl  Step2  acts
                a       Ready,SchedulingDisabled    default/web  1 Running *
                b       Ready                       -
                ready: default/web 1 of 2 *
+-- loop -------------------------------
| step 3        kubectl  Step3  acts
|               a       Ready,SchedulingDisabled    default/web  1 Running
|               b       gone *
|               <none>                              default/web  1 Pending *
|               ready: default/web 1 of 2
+-- back to step 3
";
    assert_eq!(film.whole(&PLAIN), expected);
}

#[test]
fn some_steps_begin_with_the_whole_cluster() {
    let (steps, pictures) = (steps(3), pictures());
    let film = Film { steps: &steps, repeats: None, pictures: &pictures };
    let text = film.some(2..=2, &PLAIN);
    assert!(text.starts_with("  step 2 ") && text.contains("NODE ") && text.contains("1 Running *"), "{text}");
    assert!(!text.contains("step 1") && !text.contains("step 3") && !text.contains("marks"), "{text}");
    assert!(film.some(0..=1, &PLAIN).starts_with("  start   "));
}

#[test]
fn steps_that_change_nothing_to_be_seen_show_no_cluster_and_alike_ones_are_together() {
    let mut steps = steps(6);
    steps.iter_mut().for_each(|step| step.reason = "Same".into());
    let same = vec![pictures()[0].clone(); 7];
    let film = Film { steps: &steps, repeats: Some((6, 6)), pictures: &same };
    let text = film.whole(&PLAIN);
    assert!(text.contains("  steps 1-5 ") && text.contains("| step 6 "), "{text}");
    assert_eq!(text.matches("default/web  2 Running").count(), 1, "{text}");
    assert!(film.whole(&Options { verbose: true, ..PLAIN }).contains("  step 3 "));
    let unknown = Film { pictures: &[], ..film };
    assert!(!unknown.whole(&PLAIN).contains("start"));
}

#[test]
fn nodes_that_are_as_before_are_counted_where_there_are_many() {
    let nodes = |busy: usize| -> Vec<NodeSceneDocument> {
        (0..20)
            .map(|one| node(&format!("n{one}"), &[], vec![pods("x", "Running", 1 + i64::from(one == busy))]))
            .collect()
    };
    let picture = |busy| Picture { nodes: nodes(busy), ..Picture::default() };
    let (steps, pictures) = (steps(1), [picture(3), picture(4)]);
    let film = Film { steps: &steps, repeats: None, pictures: &pictures };
    let text = film.whole(&PLAIN);
    let after: Vec<&str> = text.lines().skip_while(|line| !line.contains("step 1")).skip(1).collect();
    assert!(after[0].contains("n3") && after[1].contains("n4"), "{text}");
    assert_eq!(after[2].trim(), "the other 18 places as before");
    assert_eq!(after.len(), 3);
}

#[test]
fn no_line_is_wider_than_the_terminal_however_narrow_that_is() {
    let long = "production/a-rather-long-name-of-a-workload";
    let name = "ip-10-0-112-34.eu-central-1.compute.internal";
    let on = vec![pods(long, "Running", 1), pods(long, "Terminating", 2), pods(long, "Running, not ready", 3)];
    let picture = Picture { nodes: vec![node(name, &["SchedulingDisabled"], on)], ..pictures().remove(3) };
    let steps = steps(1);
    for width in [60, 80, 98, 120] {
        let pictures = [pictures().remove(0), picture.clone()];
        let film = Film { steps: &steps, repeats: None, pictures: &pictures };
        let text = at_columns(width, || film.whole(&PLAIN));
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
        assert!(text.contains("2 Terminating"), "{text}");
    }
}

#[test]
fn names_cannot_steer_the_terminal_and_marks_are_coloured() {
    let odd = Picture { nodes: vec![node("a\u{1b}[2J", &[], vec![pods("x\n", "Running", 1)])], ..Picture::default() };
    let other = Picture { nodes: vec![node("a\u{1b}[2J", &[], vec![])], ..Picture::default() };
    let (steps, pictures) = (steps(1), [odd, other]);
    let film = Film { steps: &steps, repeats: None, pictures: &pictures };
    let text = film.whole(&PLAIN);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    let coloured = film.whole(&Options { paint: crate::text::Paint { colours: true }, ..PLAIN });
    assert!(coloured.contains("\u{1b}[1mnone *"), "{coloured:?}");
}
