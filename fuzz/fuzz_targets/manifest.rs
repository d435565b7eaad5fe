//! Any text as manifests on standard input: no panic, and no message that could steer a terminal.
#![no_main]

use kubound::manifest::load;
use kubound::report::diagnostic::Diagnostic;
use kubound::text::Paint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = load(&[], Some(text)) {
        let said = Diagnostic::from(&error).render(Paint { colours: false });
        assert!(said.chars().all(|one| one == '\n' || !one.is_control()), "{said:?}");
    }
});
