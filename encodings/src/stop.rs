//! Giving up in the middle of long work on terms.
//!
//! Terms are built, copied, lowered and walked in loops all over the models, the passes and the engines, and on a large
//! cluster each of these loops can take longer than the user wants to wait. All of them go through a few functions of
//! [`crate::term`], which call [`tick`]. Whoever knows when to stop wraps the work in [`heeding`]: now and then a tick asks,
//! and once there is a reason, everything up to `heeding` is unwound. That is no panic: no message is printed. What is
//! half built is dropped, so nothing that is needed after the end may be changed in place by the work.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Work that was given up, with the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Stopped(pub &'static str);

/// Says why to stop, if there is a reason.
type Ask = Rc<dyn Fn() -> Option<&'static str>>;

/// Steps between two questions: about a tenth of a millisecond of work.
const STEPS: u64 = 512;

thread_local! {
    static ASKED: RefCell<Option<Ask>> = const { RefCell::new(None) };
    static LEFT: Cell<u64> = const { Cell::new(STEPS) };
}

/// Does `work` until `ask` gives a reason to stop. Calls may nest: the work inside stops for the reasons of both.
pub fn heeding<R>(ask: impl Fn() -> Option<&'static str> + 'static, work: impl FnOnce() -> R) -> Result<R, Stopped> {
    struct Restore(Option<Ask>);
    impl Drop for Restore {
        fn drop(&mut self) {
            ASKED.replace(self.0.take());
        }
    }
    if let Some(reason) = ask() {
        return Err(Stopped(reason));
    }
    let outer = ASKED.with_borrow(Clone::clone);
    let both: Ask = match outer.clone() {
        Some(outer) => Rc::new(move || ask().or_else(|| outer())),
        None => Rc::new(ask),
    };
    ASKED.replace(Some(both));
    let _restore = Restore(outer);
    catch_unwind(AssertUnwindSafe(work)).or_else(|payload| match payload.downcast::<Stopped>() {
        Ok(stopped) => Err(*stopped),
        Err(panic) => resume_unwind(panic),
    })
}

/// Says that so many small steps of work are done. Does not return if it is time to stop.
pub fn tick(steps: usize) {
    let left = LEFT.get();
    match left.checked_sub(steps as u64) {
        Some(left) if left > 0 => LEFT.set(left),
        _ => {
            LEFT.set(STEPS);
            ask();
        }
    }
}

#[cold]
fn ask() {
    let asked = ASKED.with_borrow(Clone::clone);
    if let Some(reason) = asked.and_then(|asked| asked()) {
        resume_unwind(Box::new(Stopped(reason)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes on forever.
    fn endless() -> u32 {
        loop {
            tick(100);
        }
    }

    fn after(asked: u32) -> impl Fn() -> Option<&'static str> {
        let left = Cell::new(asked);
        move || {
            left.set(left.get().saturating_sub(1));
            (left.get() == 0).then_some("enough")
        }
    }

    #[test]
    fn endless_work_ends_when_it_is_asked_to() {
        assert_eq!(heeding(after(3), endless), Err(Stopped("enough")));
        assert_eq!(heeding(after(1), || 7), Err(Stopped("enough")));
        assert_eq!(heeding(after(2), || 7), Ok(7));
    }

    #[test]
    fn work_inside_of_other_work_heeds_both() {
        let inner = || heeding(|| None, endless);
        assert_eq!(heeding(after(9), inner), Ok(Err(Stopped("enough"))));
        // Nobody is asked any more.
        tick(10 * STEPS as usize);
    }

    #[test]
    fn panics_pass_through() {
        let caught = std::panic::catch_unwind(|| heeding(|| None, || std::panic::resume_unwind(Box::new(5_u8))));
        assert_eq!(caught.err().and_then(|payload| payload.downcast::<u8>().ok()), Some(Box::new(5)));
    }
}
