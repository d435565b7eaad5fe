//! Dealing out pieces: the most costly first, each to the shard that has the least to do. Ties go to the smaller number, so
//! that every machine deals alike.

/// The shard of each piece, from 0.
pub fn deal(costs: &[f64], shards: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&one, &other| costs[other].total_cmp(&costs[one]).then(one.cmp(&other)));
    let mut owners = vec![0; costs.len()];
    let mut loads = vec![0.0; shards.max(1)];
    for piece in order {
        let mut least = 0;
        for (shard, load) in loads.iter().enumerate() {
            if *load < loads[least] {
                least = shard;
            }
        }
        owners[piece] = least;
        loads[least] += costs[piece];
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costly_ones_come_first_and_the_loads_are_even() {
        assert_eq!(deal(&[1.0, 4.0, 2.0, 1.0], 2), [1, 0, 1, 1]);
        assert_eq!(deal(&[1.0, 1.0, 1.0], 2), [0, 1, 0]);
        assert_eq!(deal(&[1.0], 3), [0]);
        assert!(deal(&[], 3).is_empty());
    }
}
