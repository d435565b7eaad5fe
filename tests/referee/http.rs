//! Requests to an API server, by way of `kubectl proxy` on loopback.

use serde_json::Value;
use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An API server.
#[derive(Clone, Copy)]
pub struct Server {
    /// The port of its proxy.
    pub port: u16,
}

impl Server {
    /// The object, or list, at a path.
    pub fn get(&self, path: &str) -> Result<Value> {
        let (status, body) = self.ask("GET", path, None)?;
        if status == 200 { Ok(body) } else { Err(Error::other(format!("{path}: {status} {body}"))) }
    }

    /// The items of the list at a path.
    pub fn list(&self, path: &str) -> Result<Vec<Value>> {
        Ok(match self.get(path)?["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        })
    }

    /// Deletes an object, or all of a list.
    pub fn delete(&self, path: &str, options: &Value) -> Result<()> {
        let (status, body) = self.ask("DELETE", path, Some(options))?;
        // What is gone already is gone.
        if status < 300 || status == 404 { Ok(()) } else { Err(Error::other(format!("{path}: {status} {body}"))) }
    }

    /// Creates an object.
    pub fn create(&self, path: &str, object: &Value) -> Result<()> {
        let (status, body) = self.ask("POST", path, Some(object))?;
        if status < 300 { Ok(()) } else { Err(Error::other(format!("{path}: {status} {body}"))) }
    }

    /// What is said to the creation of an object: the code, and the object or why it is refused.
    pub fn answer(&self, path: &str, object: &Value) -> Result<(u16, Value)> {
        self.ask("POST", path, Some(object))
    }

    /// Changes fields of an object.
    pub fn patch(&self, path: &str, change: &Value) -> Result<()> {
        let (status, body) = self.ask("PATCH", path, Some(change))?;
        if status < 300 { Ok(()) } else { Err(Error::other(format!("{path}: {status} {body}"))) }
    }

    /// With version 1.0 of the protocol an answer ends where the connection does.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let content = if method == "PATCH" { "application/strategic-merge-patch+json" } else { "application/json" };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let text = body.map(Value::to_string).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: {content}\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, rest) = answer.split_once("\r\n\r\n").ok_or_else(|| Error::other("an answer without an end"))?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Ok((status, serde_json::from_str(rest).unwrap_or_default()))
    }
}
