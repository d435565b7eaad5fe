//! SMT-LIB 2: an unrolled query in the logic QF_BV. `sat` means that some run of at most the depth asked for violates
//! the intent, `unsat` that none does.

use super::bits::{Bits, Language, Operation, Value, width};
use crate::smt::query::Query;
use kubound_encodings::term::Sort;
use kubound_encodings::term::lower::Lowering;
use std::fmt::Write as _;

/// Lines of a script; value `n` is the symbol `tn`.
#[derive(Default)]
struct Script {
    text: String,
    count: usize,
}

impl Script {
    fn define(&mut self, width: u32, body: &str) -> Value {
        let number = self.count;
        self.count += 1;
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "(define-fun t{number} () (_ BitVec {width}) {body})");
        Value { number, width }
    }
}

impl Language for Script {
    fn constant(&mut self, width: u32, value: u64) -> Value {
        self.define(width, &format!("(_ bv{value} {width})"))
    }

    fn apply(&mut self, operation: Operation, width: u32, operands: &[Value]) -> Value {
        let name = |index: usize| format!("t{}", operands[index].number);
        let call = |function: &str| {
            operands.iter().fold(format!("({function}"), |text, operand| format!("{text} t{}", operand.number)) + ")"
        };
        let bit = |condition: String| format!("(ite {condition} (_ bv1 1) (_ bv0 1))");
        let more = width.saturating_sub(operands[0].width);
        let body = match operation {
            Operation::Not => call("bvnot"),
            Operation::And => call("bvand"),
            Operation::Or => call("bvor"),
            Operation::Equal => bit(call("=")),
            Operation::AtMost => bit(call("bvule")),
            Operation::AtMostSigned => bit(call("bvsle")),
            Operation::Add => call("bvadd"),
            Operation::Multiply => call("bvmul"),
            Operation::Divide => call("bvudiv"),
            Operation::Remainder => call("bvurem"),
            Operation::Choose => format!("(ite (= {} (_ bv1 1)) {} {})", name(0), name(1), name(2)),
            Operation::ZeroExtend => call(&format!("(_ zero_extend {more})")),
            Operation::SignExtend => call(&format!("(_ sign_extend {more})")),
            Operation::Low => call(&format!("(_ extract {} 0)", width - 1)),
        };
        self.define(width, &body)
    }
}

/// The script of a query. `title` is put in front as a comment.
pub fn script(query: &Query, title: &str) -> String {
    let mut bits = Bits::new(Script::default());
    let (dag, facts) = query.flatten();
    let mut demanded = Vec::new();
    for (index, decl) in dag.vars().iter().enumerate() {
        let width = width(decl.sort);
        let name: String = decl.name.chars().map(|c| if matches!(c, '|' | '\\') { '_' } else { c }).collect();
        let symbol = format!("|{index} {name}|");
        // Writing to a string cannot fail.
        let _ = writeln!(bits.language.text, "(declare-const {symbol} (_ BitVec {width}))");
        let value = bits.language.define(width, &symbol);
        if let Sort::Int(range) = decl.sort {
            demanded.push(bits.is_proper(value, range));
        }
        bits.vars.push(Some(value));
    }
    let mut lowering = Lowering::new(bits);
    for fact in facts {
        demanded.push(lowering.bool(&dag, fact));
    }
    let mut text: String = title.lines().map(|line| format!("; {line}\n")).collect();
    text += "(set-logic QF_BV)\n";
    text += &lowering.algebra.language.text;
    text.extend(demanded.iter().map(|fact| format!("(assert (= t{} (_ bv1 1)))\n", fact.number)));
    text + "(check-sat)\n(exit)\n"
}
