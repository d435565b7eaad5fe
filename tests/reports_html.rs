//! The HTML report in a browser: it loads without errors and without the network, opens where it matters, and shows and
//! does what its page in the book says.

#[path = "reports_html/browser.rs"]
mod browser;

use browser::{report, seen};
use serde_json::{Value, json};

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|one| one.as_str().expect("a text")).collect()
}

/// Whether a page is no wider than its window.
fn fits(overflow: &Value) -> bool {
    overflow.as_i64().is_some_and(|pixels| pixels <= 0)
}

#[test]
fn a_page_opens_where_the_loop_begins_and_is_stepped_through() {
    for width in ["360", "768", "1440"] {
        let seen = &seen("steps")[width];
        assert!(fits(&seen["overflow"]), "{width}: {seen}");
        for (what, expected) in [
            ("start", "step 9 of 13"),
            ("right", "step 10 of 13"),
            ("end", "step 13 of 13"),
            ("again", "step 9 of 13"),
            ("home", "step 0 of 13"),
            ("slider", "step 9 of 13"),
        ] {
            assert_eq!(seen[what], expected, "{width}: {what}");
        }
        assert_eq!((&seen["lanes"], &seen["pods"]), (&5.into(), &4.into()), "{width}");
        assert_eq!(seen["nodes"], json!(["spot-0", "on-demand-0", "pending"]), "{width}");
        assert_eq!(seen["details"], false, "{width}: the verdict is short");
        assert_eq!(
            (&seen["arc"], &seen["relevant"]),
            (&true.into(), &json!([true, true, true, true, true])),
            "{width}"
        );
    }
    assert_eq!(seen("steps")["1440"]["firstView"], json!([true, true, true]), "the cluster is beside the lanes");
}

#[test]
fn the_address_leads_to_a_step_and_follows_it() {
    let seen = seen("addresses");
    let expected = ["step 11 of 13", "step 3 of 13", "step 0 of 13", "step 0 of 13", "#intent=1&step=1"];
    let found = ["opened", "changed", "first", "nonsense", "address"].map(|what| seen[what].as_str().unwrap_or("?"));
    assert_eq!(found, expected);
}

#[test]
fn start_up_and_the_middle_of_long_runs_are_folded() {
    let seen = seen("folds");
    assert_eq!(seen["folded"], "start-up, 8 steps");
    assert_eq!((&seen["columns"], &seen["unfolded"], &seen["foldedAgain"]), (&5.into(), &13.into(), &5.into()));
    assert_eq!((&seen["rows"], &seen["printed"]), (&6.into(), &13.into()), "all steps are printed");
    assert_eq!((&seen["focus"], &seen["byRow"]), (&"unfolded".into(), &json!([13, 0])));
    let middle = texts(&seen["middle"]);
    assert!(middle.len() == 2 && middle[0] == "start-up, 4 steps" && middle[1].ends_with(" steps"), "{middle:?}");
    assert_eq!(seen["end"], true, "the last step is in the picture");
}

#[test]
fn decisions_of_the_scheduler_are_explained() {
    let seen = seen("compared");
    assert_eq!(seen["scores"], json!(["spot-0757", "on-demand-0744"]));
    let shares = texts(&seen["shares"]);
    assert_eq!(shares[0], "NodeResourcesFit 92, NodeAffinity 200 (2 × 100), PodTopologySpread 66 (2 × 33)");
    assert!(texts(&seen["shares"])[1].contains("PodTopologySpread 200 (2 × 100)"), "{shares:?}");
    let alike = seen["alike"].as_str().expect("what adds the same to all nodes is told once");
    assert!(alike.contains("TaintToleration 300 (3 × 100)"), "{alike}");
    assert_eq!(seen["nothing"], true, "a step that compares nothing has no card");
    assert_eq!(seen["refused"], json!(["secondrefusednode(s) had untolerated taint {dedicated: db}"]));
    assert!(fits(&seen["overflow"]), "{seen}");
}

#[test]
fn variables_are_told_in_words() {
    let seen = seen("words");
    assert_eq!(seen["words"][0], "spec.replicas of default/web");
    assert_eq!(
        (&seen["words"][1], &seen["values"][1]),
        (
            &"time left until the next sync of HorizontalPodAutoscaler default/web, at the latest".into(),
            &"15 s → 30 s".into()
        )
    );
    assert_eq!(seen["raw"], json!(["spec.replicas[default/web]", "sync period[default/web]"]));
    assert_eq!(seen["words"], seen["again"]);
    assert_eq!(seen["workloads"][1], "replicas of the ReplicaSet of default/web");
    let all = texts(&seen["all"]);
    assert!(all.len() > 20 && all.iter().all(|one| !one.contains('[')), "{all:?}");
}

#[test]
fn workloads_differ_without_colour_and_nodes_show_how_full_they_are() {
    let seen = seen("cluster");
    let marks = texts(&seen["marks"]);
    let distinct: std::collections::BTreeSet<&&str> = marks.iter().collect();
    assert!(marks.len() >= 8 && distinct.len() == marks.len(), "{marks:?}");
    assert!(seen["colours"].as_u64().is_some_and(|colours| colours < marks.len() as u64), "letters are needed");
    assert!(texts(&seen["key"]).contains(&"Hdefault/team-h"), "{seen}");
    assert_eq!(seen["room"], json!(["cpu4 / 4", "memory2Gi / 8Gi", "pods8 / 110"]));
    assert_eq!(seen["empty"], json!(["3500m / 4", "1792Mi / 8Gi", "7 / 110"]));
    assert_eq!(seen["revisions"], json!(["default/web", "@2default/web@2"]));
    assert!(fits(&seen["overflow"]), "{seen}");
}

#[test]
fn each_violation_of_a_page_ends_with_what_waits() {
    let seen = seen("cluster");
    let tabs = texts(&seen["tabs"]);
    assert!(tabs.len() == 2 && tabs[1].contains("schedulable Deployment/default/team-i"), "{tabs:?}");
    assert_eq!((&seen["count"], &seen["waits"]), (&"step 3 of 3".into(), &0.into()));
    assert_eq!(seen["second"], json!(["#intent=2&step=4", "step 4 of 4"]));
    let expected = "default-scheduler FailedScheduling pods of default/team-i: 0/2 nodes are available: \
                    1 node(s) had untolerated taint {dedicated: db}, 1 Insufficient cpu tests/fixtures/html/many/all.yaml:";
    for place in ["blocked", "card"] {
        assert!(seen[place].as_str().is_some_and(|text| text.starts_with(expected)), "{place}: {}", seen[place]);
    }
    assert_eq!(seen["early"], 0, "nothing waits forever at the beginning");
}

#[test]
fn blame_shows_the_lines_and_repairs_the_changes() {
    let seen = seen("blame");
    let file = std::fs::read_to_string("cases/c45/broken/budget.yaml").expect("a case");
    let number: usize = seen["number"].as_str().and_then(|number| number.parse().ok()).expect("a number of a line");
    let line = file.lines().nth(number - 1).expect("a line of the file");
    assert_eq!(seen["primary"], line);
    assert!(line.contains(seen["mark"].as_str().expect("a marked stretch")) && line.contains("minAvailable"));
    assert!(texts(&seen["why"]).len() >= 2 && !texts(&seen["why"])[0].is_empty(), "{seen}");
    assert_eq!(seen["explain"], "kubound explain eventuallyAlways");
    let (gone, came) = (texts(&seen["gone"]), texts(&seen["came"]));
    assert!(!came.is_empty() && gone != came, "{gone:?} {came:?}");
    assert!(seen["wait"].as_str().is_some_and(|wait| wait.starts_with("cluster-autoscaler NotEnoughPdb ")), "{seen}");
}

#[test]
fn it_has_a_dark_theme_and_a_form_for_paper() {
    let seen = seen("looks");
    assert_eq!((&seen["themed"], &seen["opened"]), (&true.into(), &true.into()));
    let print = seen["print"].as_str().expect("rules for paper");
    assert!(print.contains("tr.only-print") && print.contains(".no-print"), "{print}");
}

#[test]
fn names_and_lines_of_the_input_are_only_text() {
    let seen = seen("hostile");
    assert!(seen["title"].as_str().is_some_and(|title| title.starts_with("</script><img src=x ")), "{seen}");
    assert!(seen["lines"].as_u64().is_some_and(|lines| lines > 0), "the attack is shown: {seen}");
    assert_eq!((&seen["made"], &seen["count"]), (&0.into(), &"step 4 of 4".into()));
}

#[test]
fn the_page_loads_nothing() {
    let report = report(&["cases", "run", "c8/fixed"]);
    assert!(report.contains("default-src 'none'"));
    for loading in ["src=", "<link", "@import", "fetch(", "url("] {
        assert!(!report.contains(loading), "{loading}");
    }
}
