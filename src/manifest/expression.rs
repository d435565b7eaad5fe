//! Conditions and amounts in scenarios: `assume`, and the limits of intents.
//!
//! * numbers: `3`, `500m` (500), `2Ki`, `4Mi`, `8Gi`; CPU is in milli-cores and memory in bytes
//! * `nodes.present`: nodes of all pools; `nodes('POOL')`: nodes of one pool
//! * `replicas('WORKLOAD')`: its `spec.replicas`; `spec.replicas`: that of the intent's own target
//! * `allocatable('POOL', 'RESOURCE')`: of the first node of a pool
//! * `capacitySuffices`: the nodes have room for all wanted pods
//! * `+ - * /` (quotients are rounded down), `min(…)`, `max(…)`, `== != < <= > >=`, `&& || !`, parentheses

use super::ErrorKind;
use super::error::InputError;
use super::names::Names;
use super::ranges;
use super::suggest::nearest_or_list;
use super::view::View;
use crate::limits::reader::MAX_NESTING;
use crate::limits::reader::MAX_WORDS;
use kubound_encodings::cluster::Expression;
use kubound_encodings::cluster::expression::Comparison;

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// In `assume`: a condition over initial values.
    Assumption,
    /// A limit of an intent with a target: a number.
    Limit,
}

/// Reads an expression, checks its sort and resolves its names.
pub(super) fn read(view: &View, place: Place, names: &Names) -> Result<Expression, InputError> {
    if place == Place::Limit && view.value.as_text().is_none() {
        return Ok(Expression::Number(view.integer(0..=1_000_000)?));
    }
    let text = view.text()?;
    let expected = if place == Place::Limit { "a number" } else { "a condition" };
    parse(text, place, names).map_err(|fault| {
        let column = text[..fault.position.min(text.len())].chars().count() + 1;
        view.error(format!("{} at column {column} of `{text}`", fault.message))
            .kind(ErrorKind::Expression)
            .expected(expected)
            .help(fault.help)
    })
}

/// What is wrong, and at which byte.
#[derive(Debug)]
struct Fault {
    position: usize,
    message: String,
    help: String,
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Number(i64),
    Word(String),
    Quoted(String),
    Symbol(&'static str),
    End,
}

fn parse(text: &str, place: Place, names: &Names) -> Result<Expression, Fault> {
    if text.len() > MAX_WORDS {
        return Err(Fault { position: 0, message: "the expression is too long".into(), help: String::new() });
    }
    let mut parser = Parser { tokens: tokenize(text)?, next: 0, depth: 0, place, names };
    let expression = parser.either()?;
    if parser.peek() != &Token::End {
        return Err(parser.fault("something is left over"));
    }
    if expression.is_condition() != (place == Place::Assumption) {
        let found = if expression.is_condition() { "a condition" } else { "a number" };
        return Err(Fault { position: 0, message: format!("this is {found}"), help: String::new() });
    }
    Ok(expression)
}

const SYMBOLS: [&str; 16] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "(", ")", ","];

fn tokenize(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
    let mut tokens = Vec::new();
    let mut position = 0;
    while let Some(first) = text[position..].chars().next() {
        let rest = &text[position..];
        let fault = |message: String| Fault { position, message, help: String::new() };
        let length = |accept: fn(char) -> bool| rest.find(|one| !accept(one)).unwrap_or(rest.len());
        let (token, used) = if first.is_whitespace() {
            position += first.len_utf8();
            continue;
        } else if first.is_ascii_digit() {
            let used = length(|one| one.is_ascii_alphanumeric());
            (
                Token::Number(number(&rest[..used]).ok_or_else(|| fault(format!("`{}` is no number", &rest[..used])))?),
                used,
            )
        } else if first.is_ascii_alphabetic() {
            let used = length(|one| one.is_ascii_alphanumeric() || one == '.' || one == '_');
            (Token::Word(rest[..used].to_owned()), used)
        } else if first == '\'' || first == '"' {
            let end = rest[1..].find(first).ok_or_else(|| fault("a quote that does not end".into()))?;
            (Token::Quoted(rest[1..=end].to_owned()), end + 2)
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            (Token::Symbol(symbol), symbol.len())
        } else {
            return Err(fault(format!("`{first}` is not known")));
        };
        tokens.push((position, token));
        position += used;
    }
    tokens.push((text.len(), Token::End));
    Ok(tokens)
}

fn number(text: &str) -> Option<i64> {
    let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    let factor = match &text[end..] {
        "" | "m" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    text[..end].parse::<i64>().ok()?.checked_mul(factor).filter(|number| *number <= crate::limits::reader::MAX_AMOUNT)
}

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    place: Place,
    names: &'a Names,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].1
    }

    fn take(&mut self) -> Token {
        let token = self.tokens[self.next].1.clone();
        // The end is never passed.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn accept(&mut self, symbols: &[&'static str]) -> Option<&'static str> {
        match *self.peek() {
            Token::Symbol(symbol) if symbols.contains(&symbol) => {
                self.take();
                Some(symbol)
            }
            _ => None,
        }
    }

    fn require(&mut self, symbol: &'static str) -> Result<(), Fault> {
        self.accept(&[symbol]).map(|_| ()).ok_or_else(|| self.fault(&format!("`{symbol}` is missing")))
    }

    fn fault(&self, message: &str) -> Fault {
        Fault { position: self.tokens[self.next].0, message: message.to_owned(), help: String::new() }
    }

    fn sorted(&self, expression: Expression, is_condition: bool, start: usize) -> Result<Box<Expression>, Fault> {
        if expression.is_condition() == is_condition {
            return Ok(Box::new(expression));
        }
        let wanted = if is_condition { "a condition is needed" } else { "a number is needed" };
        Err(Fault { position: self.tokens[start].0, message: wanted.to_owned(), help: String::new() })
    }

    fn either(&mut self) -> Result<Expression, Fault> {
        self.chain(&["||"], true, Self::both, |_, left, right| Expression::Or(left, right))
    }

    fn both(&mut self) -> Result<Expression, Fault> {
        self.chain(&["&&"], true, Self::negation, |_, left, right| Expression::And(left, right))
    }

    fn sum(&mut self) -> Result<Expression, Fault> {
        self.chain(&["+", "-"], false, Self::product, |symbol, left, right| match symbol {
            "+" => Expression::Add(left, right),
            _ => Expression::Subtract(left, right),
        })
    }

    fn product(&mut self) -> Result<Expression, Fault> {
        self.chain(&["*", "/"], false, Self::atom, |symbol, left, right| match symbol {
            "*" => Expression::Multiply(left, right),
            _ => Expression::Divide(left, right),
        })
    }

    /// Operators of one rank, from left to right.
    fn chain(
        &mut self,
        symbols: &[&'static str],
        is_condition: bool,
        operand: fn(&mut Self) -> Result<Expression, Fault>,
        combine: fn(&str, Box<Expression>, Box<Expression>) -> Expression,
    ) -> Result<Expression, Fault> {
        let start = self.next;
        let mut result = operand(self)?;
        let mut links = 0;
        while let Some(symbol) = self.accept(symbols) {
            links += 1;
            if links > MAX_NESTING {
                return Err(self.fault("too many operators in a row"));
            }
            let left = self.sorted(result, is_condition, start)?;
            let at = self.next;
            let right = operand(self)?;
            let right = self.sorted(right, is_condition, at)?;
            result = combine(symbol, left, right);
            if !is_condition {
                ranges::of(&result, self.names)
                    .map_err(|(message, help)| Fault { help: help.to_owned(), ..self.fault_at(at, &message) })?;
            }
        }
        Ok(result)
    }

    fn negation(&mut self) -> Result<Expression, Fault> {
        if self.accept(&["!"]).is_none() {
            return self.comparison();
        }
        self.deeper()?;
        let start = self.next;
        let inner = self.negation()?;
        self.depth -= 1;
        Ok(Expression::Not(self.sorted(inner, true, start)?))
    }

    fn comparison(&mut self) -> Result<Expression, Fault> {
        let start = self.next;
        let left = self.sum()?;
        let Some(symbol) = self.accept(&["==", "!=", "<=", ">=", "<", ">"]) else { return Ok(left) };
        let left = self.sorted(left, false, start)?;
        let at = self.next;
        let right = self.sum()?;
        let right = self.sorted(right, false, at)?;
        let comparison = match symbol {
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<=" => Comparison::AtMost,
            ">=" => Comparison::AtLeast,
            "<" => Comparison::Less,
            _ => Comparison::Greater,
        };
        Ok(Expression::Compare(comparison, left, right))
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_NESTING { Err(self.fault("nested too deeply")) } else { Ok(()) }
    }

    fn atom(&mut self) -> Result<Expression, Fault> {
        let start = self.next;
        match self.take() {
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Symbol("-") => match self.take() {
                Token::Number(number) => Ok(Expression::Number(-number)),
                _ => Err(self.fault_at(start, "a number is missing after `-`")),
            },
            Token::Symbol("(") => {
                self.deeper()?;
                let inner = self.either()?;
                self.depth -= 1;
                self.require(")")?;
                Ok(inner)
            }
            Token::Word(word) => self.word(&word, start),
            Token::End => Err(self.fault_at(start, "something is missing")),
            _ => Err(self.fault_at(start, "a number or a name is missing")),
        }
    }

    fn fault_at(&self, token: usize, message: &str) -> Fault {
        Fault { position: self.tokens[token].0, message: message.to_owned(), help: String::new() }
    }

    fn word(&mut self, word: &str, start: usize) -> Result<Expression, Fault> {
        match word {
            "nodes.present" => Ok(Expression::NodesPresent),
            "capacitySuffices" => Ok(Expression::CapacitySuffices),
            "spec.replicas" if self.place == Place::Limit => Ok(Expression::SpecReplicas),
            "spec.replicas" => {
                let help = "write replicas('WORKLOAD')".to_owned();
                Err(Fault { help, ..self.fault_at(start, "spec.replicas is known in intents only") })
            }
            "nodes" => {
                let pool = self.quoted(1)?.remove(0);
                self.check_pool(&pool, start)?;
                Ok(Expression::NodesOfPool(pool))
            }
            "replicas" => {
                let workload = self.quoted(1)?.remove(0);
                let known = self.names.find_workload(&workload);
                known
                    .map(Expression::Replicas)
                    .map_err(|(message, help)| Fault { help, ..self.fault_at(start, &message) })
            }
            "allocatable" => {
                let mut arguments = self.quoted(2)?;
                let resource = arguments.remove(1);
                let pool = arguments.remove(0);
                self.check_pool(&pool, start)?;
                Ok(Expression::Allocatable(pool, resource))
            }
            "min" | "max" => self.extreme(word == "min"),
            other => {
                let known = [
                    "nodes.present",
                    "nodes",
                    "replicas",
                    "spec.replicas",
                    "allocatable",
                    "capacitySuffices",
                    "min",
                    "max",
                ];
                Err(Fault {
                    help: nearest_or_list(other, known),
                    ..self.fault_at(start, &format!("`{other}` is not known"))
                })
            }
        }
    }

    fn check_pool(&self, pool: &str, start: usize) -> Result<(), Fault> {
        self.names.check_pool(pool).map_err(|(message, help)| Fault { help, ..self.fault_at(start, &message) })
    }

    /// Names in quotes and parentheses.
    fn quoted(&mut self, count: usize) -> Result<Vec<String>, Fault> {
        self.require("(")?;
        let mut arguments = Vec::new();
        for index in 0..count {
            if index > 0 {
                self.require(",")?;
            }
            let start = self.next;
            match self.take() {
                Token::Quoted(text) => arguments.push(text),
                _ => return Err(self.fault_at(start, "a name in quotes is missing")),
            }
        }
        self.require(")")?;
        Ok(arguments)
    }

    fn extreme(&mut self, is_min: bool) -> Result<Expression, Fault> {
        self.deeper()?;
        self.require("(")?;
        let mut result: Option<Box<Expression>> = None;
        loop {
            let start = self.next;
            let argument = self.either()?;
            let argument = self.sorted(argument, false, start)?;
            result = Some(match result {
                None => argument,
                Some(other) if is_min => Box::new(Expression::Min(other, argument)),
                Some(other) => Box::new(Expression::Max(other, argument)),
            });
            if self.accept(&[","]).is_none() {
                break;
            }
        }
        self.require(")")?;
        self.depth -= 1;
        result.map(|expression| *expression).ok_or_else(|| self.fault("a number is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubound_encodings::cluster::WorkloadRef;
    use proptest::prelude::*;

    fn names() -> Names {
        let workload =
            |name: &str| WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name: name.into() };
        Names { workloads: vec![workload("web"), workload("db")], pools: Vec::new(), least_nodes: 0 }
    }

    fn condition(text: &str) -> Result<Expression, Fault> {
        parse(text, Place::Assumption, &names())
    }

    #[test]
    fn operators_bind_as_usual() {
        let number = |value| Box::new(Expression::Number(value));
        let sum = Expression::Add(number(1), Box::new(Expression::Multiply(number(2), number(3))));
        let expected = Expression::Compare(Comparison::AtMost, Box::new(sum), Box::new(Expression::NodesPresent));
        assert_eq!(condition("1 + 2 * 3 <= nodes.present").expect("valid"), expected);
        let negated = condition("!(replicas('db') < 2) && capacitySuffices || 1 == 1").expect("valid");
        assert!(matches!(negated, Expression::Or(..)));
        let left = condition("10 - 2 - 3 == 5").expect("valid");
        let Expression::Compare(_, left, _) = left else { panic!("a comparison") };
        assert_eq!(*left, Expression::Subtract(Box::new(Expression::Subtract(number(10), number(2))), number(3)));
        assert!(parse("max(1, spec.replicas, 2) - -1", Place::Limit, &names()).is_ok());
    }

    #[test]
    fn faults_have_a_position_and_a_help() {
        for (text, position, message) in [
            ("nodes.present", 0, "this is a number"),
            ("1 +", 3, "something is missing"),
            ("1 < 2 3", 6, "something is left over"),
            ("(1 < 2", 6, "`)` is missing"),
            ("1 && 2 > 1", 0, "a condition is needed"),
            ("1 < (2 > 1)", 4, "a number is needed"),
            ("replicas('webb') > 1", 0, "no workload `webb`"),
            ("nodes('spot') > 1", 0, "no pool `spot`"),
            ("1 < 2x", 4, "`2x` is no number"),
            ("1 < 'a", 4, "a quote that does not end"),
            ("1 < §", 4, "`§` is not known"),
            ("", 0, "something is missing"),
        ] {
            let fault = condition(text).expect_err(text);
            assert_eq!((fault.position, fault.message.as_str()), (position, message), "{text}");
        }
        assert_eq!(condition("nodes.presnt > 1").expect_err("unknown").help, "did you mean `nodes.present`?");
        assert!(condition(&format!("{}1", "(".repeat(9000))).expect_err("deep").message.contains("nested"));
        assert!(condition(&format!("{}1", "!".repeat(9000))).expect_err("deep").message.contains("nested"));
        assert!(condition(&format!("1{} > 1", "+1".repeat(4000))).expect_err("long").message.contains("in a row"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = condition(&text);
        }

        #[test]
        fn no_sequence_of_tokens_makes_it_panic(text in "([(),!<>=+*/-]|&&|max|nodes\\.present| |1|'web'|replicas){0,20}") {
            let _ = condition(&text);
        }
    }
}
