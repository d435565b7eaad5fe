use super::*;
use crate::term::{Dag, within};

fn taken(sizes: &[i64], max_skew: i64) -> Vec<i64> {
    let (taken, _) = within(Dag::default(), || {
        let sizes: Vec<Int> = sizes.iter().map(|&size| size.into()).collect();
        let exists = vec![Bool::from(true); sizes.len()];
        let walk = taken_by_position(&sizes, &exists, max_skew);
        walk.taken.iter().map(|taken| taken.constant().expect("constant sizes")).collect()
    });
    taken
}

#[test]
fn the_vectors_of_section_13() {
    assert_eq!(taken(&[2, 5, 3, 8, 5, 7], 1), [0, 0, 0, 0, 2, 3], "sorted 2 3 5 5 7 8");
    assert_eq!(taken(&[0, 3], 1), [0, 1]);
    assert_eq!(taken(&[0, 0, 4], 1), [0, 0, 3], "two moves, of 2 and 1");
    assert_eq!(taken(&[1, 1, 3], 1), [0, 0, 1]);
    assert_eq!(taken(&[1, 4, 4], 2), [0, 0, 1]);
    assert_eq!(taken(&[0, 2], 1), [0, 1]);
}

#[test]
fn balanced_domains_keep_their_pods() {
    assert_eq!(taken(&[1, 2, 2], 1), [0, 0, 0]);
    assert_eq!(taken(&[0, 3], 3), [0, 0]);
}
