//! A picture of the cluster as a table: a row for each node and workload with pods there, and how many pods are ready.

use crate::limits::report::MOST_PLACES;
use crate::report::human::Options;
use crate::report::scene::{CountDocument, NodeSceneDocument, Picture, PodsDocument};
use crate::text::{Kind, columns, neutralise, plural, wrap};
use itertools::Itertools;
use std::fmt::Write as _;

/// What stands in a place of the table, and whether that is new.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Cell {
    text: String,
    is_new: bool,
}

impl Cell {
    /// One with another text than before, if there was a before.
    fn after(text: String, before: Option<&str>) -> Self {
        Self { is_new: before.is_some_and(|before| before != text), text }
    }

    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), is_new: false }
    }

    /// The text with its mark.
    fn told(&self) -> String {
        format!("{}{}", neutralise(&self.text), if self.is_new { " *" } else { "" })
    }
}

/// A place with its pods: one line for each workload that has some there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    name: Cell,
    status: Cell,
    pods: Vec<(Cell, Cell)>,
}

impl Place {
    fn is_new(&self) -> bool {
        self.name.is_new || self.status.is_new || self.pods.iter().any(|(of, pods)| of.is_new || pods.is_new)
    }
}

/// What a table shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rows {
    places: Vec<Place>,
    /// Places that are not shown, because they are as before.
    hidden: usize,
    /// How many pods of each workload are ready.
    ready: Vec<Cell>,
}

/// Whether anything in the table is new.
pub(super) fn changes(rows: &Rows) -> bool {
    rows.places.iter().any(Place::is_new) || rows.ready.iter().any(|cell| cell.is_new)
}

/// The rows without places that are as before, where there are many places.
pub(super) fn shortened(rows: Rows) -> Rows {
    if rows.places.len() <= MOST_PLACES {
        return rows;
    }
    let (places, hidden): (Vec<Place>, Vec<Place>) = rows.places.into_iter().partition(Place::is_new);
    Rows { places, hidden: hidden.len(), ..rows }
}

/// The cluster as a table, with what is new since another state.
pub(super) fn rows(before: Option<&Picture>, now: &Picture) -> Rows {
    let known = |name: &str| before.map(|before| before.nodes.iter().find(|node| node.name == name));
    let mut places: Vec<Place> = now.nodes.iter().map(|node| place(node, known(&node.name))).collect();
    let is_gone = |node: &&NodeSceneDocument| !now.nodes.iter().any(|other| other.name == node.name);
    for node in before.iter().flat_map(|before| &before.nodes).filter(is_gone) {
        let status = Cell { text: "gone".to_owned(), is_new: true };
        places.push(Place { name: Cell::plain(&node.name), status, pods: Vec::new() });
    }
    let unplaced = of_place(&now.unplaced, before.map(|before| before.unplaced.as_slice()));
    if !unplaced.is_empty() {
        places.push(Place { name: Cell::plain(NO_NODE), status: Cell::default(), pods: unplaced });
    }
    Rows { places, hidden: 0, ready: ready(before, now) }
}

/// How kubectl calls the node of pods that have none.
const NO_NODE: &str = "<none>";
/// In the place of workloads where there are no pods.
const NO_PODS: &str = "-";

/// A node; of the one before it is known that there was none, or how it was.
fn place(node: &NodeSceneDocument, before: Option<Option<&NodeSceneDocument>>) -> Place {
    let earlier = before.flatten();
    let pods = of_place(&node.pods, earlier.map(|earlier| earlier.pods.as_slice()));
    let none = || vec![(Cell::plain(NO_PODS), Cell::default())];
    Place {
        name: Cell { text: node.name.clone(), is_new: before.is_some_and(|before| before.is_none()) },
        status: Cell::after(status(node), earlier.map(status).as_deref()),
        pods: if pods.is_empty() { none() } else { pods },
    }
}

/// As `kubectl get nodes` tells it.
fn status(node: &NodeSceneDocument) -> String {
    let is_down = node.marks.iter().any(|mark| mark == "NotReady" || mark == "stopped");
    let ready = (!is_down).then_some("Ready");
    ready.into_iter().chain(node.marks.iter().map(String::as_str)).join(",")
}

/// The pods of a place by workload, with those that were there before and are not any more.
fn of_place(now: &[PodsDocument], before: Option<&[PodsDocument]>) -> Vec<(Cell, Cell)> {
    let told = |pods: &[PodsDocument], of: &str| {
        pods.iter().filter(|one| one.of == of).map(|one| format!("{} {}", one.count, one.status)).join(", ")
    };
    let none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let names = now.iter().chain(before.unwrap_or_default()).map(|one| one.of.as_str()).unique();
    let row = |of: &str| {
        let earlier = before.map(|before| none(told(before, of)));
        (Cell::plain(of), Cell::after(none(told(now, of)), earlier.as_deref()))
    };
    names.map(row).collect()
}

fn ready(before: Option<&Picture>, now: &Picture) -> Vec<Cell> {
    let told = |one: &CountDocument| match one.wanted {
        Some(wanted) => format!("{} {} of {wanted}", one.of, one.ready),
        None => format!("{} {}", one.of, one.ready),
    };
    let known = |of: &str| before?.workloads.iter().find(|one| one.of == of).map(told);
    now.workloads.iter().map(|one| Cell::after(told(one), known(&one.of).as_deref())).collect()
}

/// Where the columns of the tables of a run are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Table {
    indent: usize,
    name: usize,
    status: usize,
    of: usize,
    /// Whether the pods stand below their node, because beside it there is no room.
    is_stacked: bool,
}

/// Indents of tables: the first one at which there is room.
const INDENTS: [usize; 2] = [16, 4];
/// Fewest columns in which pods are counted.
const ROOM: usize = 22;
/// What stands above the columns.
const HEAD: [&str; 4] = ["NODE", "STATUS", "WORKLOAD", "PODS"];

impl Table {
    /// For all pictures of a run, so that nothing moves from one to the next.
    pub(super) fn of(pictures: &[Picture]) -> Self {
        let mut all: Vec<Rows> = pictures.iter().take(1).map(|first| rows(None, first)).collect();
        all.extend(pictures.iter().zip(pictures.iter().skip(1)).map(|(before, now)| rows(Some(before), now)));
        let width = |cell: &Cell| cell.told().chars().count();
        let places = || all.iter().flat_map(|rows| &rows.places);
        let name = places().map(|place| width(&place.name)).max().unwrap_or(0).max(HEAD[0].len());
        let status = places().map(|place| width(&place.status)).max().unwrap_or(0).max(HEAD[1].len());
        let of = places().flat_map(|place| &place.pods).map(|(of, _)| width(of)).max().unwrap_or(0).max(HEAD[2].len());
        let taken = name + status + of + 6;
        let indent = INDENTS.into_iter().find(|indent| indent + taken + ROOM <= columns());
        Self { indent: indent.unwrap_or(INDENTS[1]), name, status, of, is_stacked: indent.is_none() }
    }

    /// Writes a table, each line behind `margin`.
    pub(super) fn write(&self, out: &mut String, rows: &Rows, margin: char, has_head: bool, options: &Options) {
        let mut text = String::new();
        if has_head && !self.is_stacked {
            let head = HEAD.map(Cell::plain);
            self.row(&mut text, [&head[0], &head[1], &head[2], &head[3]], options);
        }
        for place in &rows.places {
            self.place(&mut text, place, options);
        }
        let indent = self.indent;
        if rows.hidden > 0 {
            let _ = writeln!(text, "{:indent$}the other {} as before", "", plural(rows.hidden as i64, "place"));
        }
        if !rows.ready.is_empty() {
            let told = format!("ready: {}", rows.ready.iter().map(Cell::told).join(", "));
            let _ = writeln!(text, "{:indent$}{}", "", wrap(&told, indent + 2));
        }
        for line in text.lines() {
            let _ = writeln!(out, "{}", format!("{margin}{}", line.get(1..).unwrap_or_default()).trim_end());
        }
    }

    fn place(&self, text: &mut String, place: &Place, options: &Options) {
        let blank = Cell::default();
        if self.is_stacked {
            self.stacked(text, place, options);
            return;
        }
        let none = [(Cell::default(), Cell::default())];
        let pods = if place.pods.is_empty() { &none[..] } else { &place.pods };
        for (index, (of, pods)) in pods.iter().enumerate() {
            let (name, status) = if index == 0 { (&place.name, &place.status) } else { (&blank, &blank) };
            self.row(text, [name, status, of, pods], options);
        }
    }

    /// A node with its pods below it.
    fn stacked(&self, text: &mut String, place: &Place, options: &Options) {
        let indent = self.indent;
        let (name, status) = (painted(&place.name, 0, options), painted(&place.status, 0, options));
        let taken = indent + place.name.told().chars().count() + 2 + place.status.told().chars().count();
        let between = if taken <= columns() { "  ".to_owned() } else { format!("\n{:1$}", "", indent + 2) };
        let _ = writeln!(text, "{:indent$}{name}{between}{status}", "");
        for (of, pods) in place.pods.iter().filter(|(of, _)| of.text != NO_PODS) {
            let told = wrap(&format!("{}  {}", of.told(), pods.told()), indent + 4);
            let _ = writeln!(text, "{:1$}{told}", "", indent + 2);
        }
    }

    fn row(&self, text: &mut String, [name, status, of, pods]: [&Cell; 4], options: &Options) {
        let Self { indent, name: first, status: second, of: third, .. } = *self;
        let taken = indent + first + second + third + 6;
        let told = wrap(&pods.told(), taken);
        let told = if pods.is_new { options.paint.paint(Kind::Strong, &told) } else { told };
        let (name, status) = (painted(name, first, options), painted(status, second, options));
        let _ = writeln!(text, "{:indent$}{name}  {status}  {}  {told}", "", painted(of, third, options));
    }
}

/// A cell as wide as its column.
fn painted(cell: &Cell, width: usize, options: &Options) -> String {
    let text = format!("{:<width$}", cell.told());
    if cell.is_new { options.paint.paint(Kind::Strong, &text) } else { text }
}
