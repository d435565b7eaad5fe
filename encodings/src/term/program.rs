//! Running what `compile` made: operations over a register file of fixed size.
//!
//! The loop over operations is the innermost loop of every exhaustive search. Operations are small (twenty bytes), have
//! no side effect but their target register, and read registers by numbers cut to the size of the file, so that no
//! access can be out of bounds.

use super::compile::Block;
use super::eval::divide;
use crate::limits::terms::REGISTERS;
use std::ops::Range;

/// Number of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Reg(pub(super) u32);

impl Reg {
    fn at(self) -> usize {
        self.0 as usize & (REGISTERS - 1)
    }
}

/// One operation; the first register is the target.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Not(Reg, Reg),
    And(Reg, Reg, Reg),
    AndNot(Reg, Reg, Reg),
    Or(Reg, Reg, Reg),
    Equal(Reg, Reg, Reg),
    Differ(Reg, Reg, Reg),
    AtMost(Reg, Reg, Reg),
    Less(Reg, Reg, Reg),
    Add(Reg, Reg, Reg),
    Subtract(Reg, Reg, Reg),
    Multiply(Reg, Reg, Reg),
    /// `first * second + third`.
    MultiplyAdd(Reg, Reg, Reg, Reg),
    Divide(Reg, Reg, Reg),
    Remainder(Reg, Reg, Reg),
    Min(Reg, Reg, Reg),
    Max(Reg, Reg, Reg),
    /// `if first then second else third`.
    Select(Reg, Reg, Reg, Reg),
    /// Entry `first` of the table that starts at `second`.
    Table(Reg, Reg, Reg),
    /// Runs a lazy block unless its stamp is the epoch.
    Ensure(Reg, u32),
    /// Ends the block as failed if false.
    StopUnless(Reg),
    /// Ends the block as failed if true.
    StopIf(Reg),
}

/// The registers that a program works on.
#[derive(Clone, Debug)]
pub struct Registers(Box<[i64; REGISTERS]>);

impl Registers {
    /// Value of a register.
    #[inline]
    pub fn get(&self, register: Reg) -> i64 {
        self.0[register.at()]
    }

    /// Sets a register.
    #[inline]
    pub fn set(&mut self, register: Reg, value: i64) {
        self.0[register.at()] = value;
    }

    /// Forgets what lazy blocks computed: to be called whenever variables before the step were set.
    #[inline]
    pub fn next_epoch(&mut self) {
        self.0[0] += 1;
    }
}

/// A compiled program.
#[derive(Clone, Debug)]
pub struct Program {
    ops: Vec<Op>,
    blocks: Vec<Range<usize>>,
    tables: Vec<i64>,
    constants: Vec<(Reg, i64)>,
}

impl Program {
    pub(super) fn new(
        ops: Vec<Op>,
        blocks: Vec<Range<usize>>,
        tables: Vec<i64>,
        mut constants: Vec<(Reg, i64)>,
    ) -> Self {
        constants.sort_unstable();
        Self { ops, blocks, tables, constants }
    }

    /// Fresh registers for this program, all variables and choices 0.
    pub fn registers(&self) -> Registers {
        let zeroes: Box<[i64]> = vec![0; REGISTERS].into_boxed_slice();
        let mut registers = Registers(zeroes.try_into().expect("of this size"));
        for &(register, value) in &self.constants {
            registers.set(register, value);
        }
        registers.next_epoch();
        registers
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there is no operation.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Runs a block; false if it stopped at a condition.
    #[inline]
    pub fn run(&self, block: Block, registers: &mut Registers) -> bool {
        self.run_at(block.0, &mut registers.0)
    }

    fn run_at(&self, block: u32, r: &mut [i64; REGISTERS]) -> bool {
        for op in &self.ops[self.blocks[block as usize].clone()] {
            match *op {
                Op::Not(to, a) => r[to.at()] = r[a.at()] ^ 1,
                Op::And(to, a, b) => r[to.at()] = r[a.at()] & r[b.at()],
                Op::AndNot(to, a, b) => r[to.at()] = r[a.at()] & (r[b.at()] ^ 1),
                Op::Or(to, a, b) => r[to.at()] = r[a.at()] | r[b.at()],
                Op::Equal(to, a, b) => r[to.at()] = i64::from(r[a.at()] == r[b.at()]),
                Op::Differ(to, a, b) => r[to.at()] = i64::from(r[a.at()] != r[b.at()]),
                Op::AtMost(to, a, b) => r[to.at()] = i64::from(r[a.at()] <= r[b.at()]),
                Op::Less(to, a, b) => r[to.at()] = i64::from(r[a.at()] < r[b.at()]),
                Op::Add(to, a, b) => r[to.at()] = r[a.at()].wrapping_add(r[b.at()]),
                Op::Subtract(to, a, b) => r[to.at()] = r[a.at()].wrapping_sub(r[b.at()]),
                Op::Multiply(to, a, b) => r[to.at()] = r[a.at()].wrapping_mul(r[b.at()]),
                Op::MultiplyAdd(to, a, b, c) => {
                    r[to.at()] = r[a.at()].wrapping_mul(r[b.at()]).wrapping_add(r[c.at()]);
                }
                Op::Divide(to, a, b) => r[to.at()] = divide(r[a.at()], r[b.at()]),
                Op::Remainder(to, a, b) => r[to.at()] = remainder(r[a.at()], r[b.at()]),
                Op::Min(to, a, b) => r[to.at()] = r[a.at()].min(r[b.at()]),
                Op::Max(to, a, b) => r[to.at()] = r[a.at()].max(r[b.at()]),
                Op::Select(to, c, a, b) => {
                    let (yes, no) = (r[a.at()], r[b.at()]);
                    r[to.at()] = if r[c.at()] != 0 { yes } else { no };
                }
                Op::Table(to, index, start) => r[to.at()] = self.tables[(r[start.at()] + r[index.at()]) as usize],
                Op::Ensure(stamp, lazy) => {
                    if r[stamp.at()] != r[0] {
                        r[stamp.at()] = r[0];
                        self.run_at(lazy, r);
                    }
                }
                Op::StopUnless(a) => {
                    if r[a.at()] == 0 {
                        return false;
                    }
                }
                Op::StopIf(a) => {
                    if r[a.at()] != 0 {
                        return false;
                    }
                }
            }
        }
        true
    }
}

/// Remainder as the IR defines it: the dividend where the divisor is 0.
fn remainder(dividend: i64, divisor: i64) -> i64 {
    dividend - divisor * divide(dividend, divisor)
}
