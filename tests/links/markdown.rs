//! What a Markdown page links to, which headings it has, and its blocks of code; enough of the syntax for our own pages.

/// A block of code.
pub struct Block {
    /// What stands behind the backticks.
    pub language: String,
    /// The lines in it.
    pub lines: Vec<String>,
}

/// What a page consists of.
#[derive(Default)]
pub struct Page {
    /// Targets of links and pictures.
    pub links: Vec<String>,
    /// Ids of headings.
    pub anchors: Vec<String>,
    /// Blocks of code.
    pub blocks: Vec<Block>,
}

/// Reads a page.
pub fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut block: Option<Block> = None;
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            match block.take() {
                Some(block) => page.blocks.push(block),
                None => block = Some(Block { language: language.trim().to_owned(), lines: Vec::new() }),
            }
        } else if let Some(block) = &mut block {
            block.lines.push(line.to_owned());
        } else {
            if line.starts_with('#') {
                page.anchors.push(anchor(line.trim_start_matches('#').trim()));
            }
            links(line, &mut page.links);
        }
    }
    assert!(block.is_none(), "a block of code does not end");
    page
}

/// The id that mdBook and forges give a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    heading.chars().filter_map(kept).collect()
}

/// Adds the targets of `[text](target)`, but not what is shown as code.
fn links(line: &str, found: &mut Vec<String>) {
    let without_code: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
    for rest in without_code.split("](").skip(1) {
        if let Some((target, _)) = rest.split_once(')') {
            found.push(target.to_owned());
        }
    }
}
