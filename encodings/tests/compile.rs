//! The compiled evaluator agrees with the interpreter on random graphs, in every kind of block.

use kubound_encodings::term::compile::Compiler;
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{
    Bool, ChoiceId, Dag, Int, Node, Sort, Term, TermId, VarId, bool_choice, bool_var, int_choice, int_var, primed,
    within,
};
use proptest::prelude::*;

const VARS: usize = 6;

/// A small generator of numbers, so that one seed describes a whole graph.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A graph with integer and boolean terms; the first `state` of `ints` and `bools` read only variables.
struct Random {
    dag: Dag,
    roots: Vec<TermId>,
    state_roots: Vec<TermId>,
}

fn grow(dag: &mut Dag, numbers: &mut Numbers, ints: &mut Vec<TermId>, bools: &mut Vec<TermId>, steps: usize) {
    for _ in 0..steps {
        let (a, b, c) = (numbers.pick(ints), numbers.pick(ints), numbers.pick(ints));
        let (p, q, r) = (numbers.pick(bools), numbers.pick(bools), numbers.pick(bools));
        let small = |id: TermId, dag: &Dag| dag.range(id).lo >= 0 && dag.range(id).hi < 1 << 20;
        let node = match numbers.below(17) {
            0 => Node::Not(p),
            1 => Node::And([p, q, r].into()),
            2 => Node::Or([p, q, r].into()),
            3 => Node::Iff(p, q),
            4 => Node::Ite(p, q, r),
            5 => Node::Eq(a, b),
            6 => Node::Le(a, b),
            7 => Node::Add([a, b, c].into()),
            8 => Node::Scale(numbers.below(7) as i64 - 3, a),
            9 if small(a, dag) && small(b, dag) => Node::Mul(a, b),
            10 if small(a, dag) && small(b, dag) => Node::Div(a, b),
            11 if small(a, dag) && small(b, dag) => Node::Rem(a, b),
            12 => Node::Min(a, b),
            13 => Node::Max(a, b),
            14 => Node::Count([p, q, r].into()),
            15 => Node::Ite(p, a, b),
            _ if small(a, dag) && dag.range(a).hi < 40 => {
                let values: Vec<i64> = (0..=dag.range(a).hi).map(|_| numbers.below(50) as i64 - 9).collect();
                Node::Table(a, values.into())
            }
            _ => continue,
        };
        let id = dag.make(node);
        if dag.range(id).lo < -(1 << 40) || dag.range(id).hi > 1 << 40 {
            continue;
        }
        if dag.sort(id) == Sort::Bool { bools.push(id) } else { ints.push(id) }
    }
}

fn random(seed: u64) -> Random {
    let mut numbers = Numbers(seed | 1);
    let ((mut ints, mut bools, later), mut dag) = within(Dag::default(), || {
        let ints: Vec<Int> = [(0, 5), (0, 30), (-4, 3), (2, 9)]
            .into_iter()
            .enumerate()
            .map(|(index, (lo, hi))| int_var(format!("i{index}"), lo, hi).1)
            .collect();
        let bools: Vec<Bool> = (0..2).map(|index| bool_var(format!("b{index}")).1).collect();
        let later = [
            int_choice("c0", 0, 7).1.id(),
            primed::<Int>(VarId(1)).id(),
            bool_choice("c1").1.id(),
            primed::<Bool>(VarId(5)).id(),
        ];
        let ints: Vec<TermId> = ints.into_iter().map(Term::id).chain([Int::from(3).id()]).collect();
        (ints, bools.into_iter().map(Term::id).collect::<Vec<_>>(), later)
    });
    grow(&mut dag, &mut numbers, &mut ints, &mut bools, 40);
    let state_roots: Vec<TermId> = ints.iter().chain(&bools).copied().collect();
    ints.extend_from_slice(&later[..2]);
    bools.extend_from_slice(&later[2..]);
    grow(&mut dag, &mut numbers, &mut ints, &mut bools, 40);
    let roots = ints.into_iter().chain(bools).collect();
    Random { dag, roots, state_roots }
}

fn values(dag: &Dag, numbers: &mut Numbers) -> Vec<i64> {
    dag.vars().iter().map(|var| var.sort.range().lo + numbers.below(var.sort.range().size() as usize) as i64).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn compiled_blocks_agree_with_the_interpreter(seed in any::<u64>()) {
        let Random { dag, roots, state_roots } = random(seed);
        let mut numbers = Numbers(seed.rotate_left(20) | 1);
        let mut compiler = Compiler::new(&dag).unwrap();
        let shared: Vec<TermId> = state_roots.iter().copied().step_by(5).collect();
        let lazy: Vec<TermId> = state_roots.iter().copied().skip(2).step_by(3).collect();
        let (always, shared_registers) = compiler.block(&[], &shared).unwrap();
        compiler.share_lazily(&lazy).unwrap();
        let mut scopes = Vec::new();
        for part in roots.chunks(9) {
            let scope = compiler.begin();
            let condition = part.iter().copied().find(|&root| dag.sort(root) == Sort::Bool);
            let conditions: Vec<TermId> = condition.into_iter().collect();
            let (half, rest) = part.split_at(part.len() / 2);
            let first = compiler.block(&conditions, half).unwrap();
            let second = compiler.block(&[], rest).unwrap();
            compiler.end(scope);
            scopes.push((condition, half, first, rest, second));
        }
        let places: Vec<_> = (0..VARS as u32).map(|var| (compiler.var(VarId(var)), compiler.primed(VarId(var)))).collect();
        let choices = [compiler.choice(ChoiceId(0)), compiler.choice(ChoiceId(1))];
        let program = compiler.finish();
        let mut registers = program.registers();
        for _ in 0..20 {
            let (vars, after) = (values(&dag, &mut numbers), values(&dag, &mut numbers));
            let picks = [numbers.below(8) as i64, numbers.below(2) as i64];
            let assignment = Assignment { vars: &vars, primed: &after, choices: &picks };
            registers.next_epoch();
            for (index, &(var, primed)) in places.iter().enumerate() {
                registers.set(var, vars[index]);
                registers.set(primed, after[index]);
            }
            choices.iter().zip(picks).for_each(|(&choice, pick)| registers.set(choice, pick));
            prop_assert!(program.run(always, &mut registers));
            let found: Vec<i64> = shared_registers.iter().map(|&register| registers.get(register)).collect();
            prop_assert_eq!(found, evaluate(&dag, &shared, assignment));
            for (condition, half, first, rest, second) in &scopes {
                let holds = condition.is_none_or(|condition| evaluate(&dag, &[condition], assignment) == [1]);
                prop_assert_eq!(program.run(first.0, &mut registers), holds);
                if !holds {
                    continue;
                }
                program.run(second.0, &mut registers);
                for (terms, block) in [(half, first), (rest, second)] {
                    let found: Vec<i64> = block.1.iter().map(|&register| registers.get(register)).collect();
                    prop_assert_eq!(found, evaluate(&dag, terms, assignment));
                }
            }
        }
    }
}

/// Run with `cargo test --release -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let Random { dag, roots, .. } = random(77);
    let mut compiler = Compiler::new(&dag).unwrap();
    let (block, _) = compiler.block(&[], &roots).unwrap();
    let program = compiler.finish();
    let mut registers = program.registers();
    let begun = std::time::Instant::now();
    let runs = 1_000_000;
    for _ in 0..runs {
        program.run(block, &mut registers);
    }
    let nanoseconds = begun.elapsed().as_nanos() as f64 / runs as f64 / program.len() as f64;
    println!("{} operations, {nanoseconds:.2} ns each", program.len());
}
