//! Values of types that stand for a text or a number: addresses of the network, amounts of bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::arithmetic::{self, Math};
use super::durations::duration;
use super::infer::{LocalId, World};
use super::names::{Res, Space};
use super::program::ModId;
use super::values::{At, Tracer, Value};
use super::walk::ids;
use crate::facts::{Expr, ExprId, Path, Span, Stmt};
use crate::model::FactValue;

impl Tracer<'_> {
    /// `SocketAddr::from(([0, 0, 0, 0], 80))`, `IpAddr::V4(ip)`, `Ipv4Addr::new(127, 0, 0, 1)`, `ByteSize::mib(64)`.
    pub(super) fn constructed(&self, id: ExprId, path: &str, args: &[ExprId], span: Span, depth: u32) -> Option<Value> {
        if let [only] = args
            && path.starts_with("bytesize::")
        {
            return bytes(path, &self.follow(*only, depth + 1), self.at(span));
        }
        let name = of_network(path)?;
        match (name, args) {
            ("SocketAddr::new" | "SocketAddrV4::new", [ip, port]) => Some(self.socket(id, *ip, *port, span, depth)),
            ("SocketAddr::from" | "SocketAddrV4::from", [pair]) => self.pair(id, *pair, span, depth),
            ("Ipv4Addr::new" | "Ipv6Addr::new", parts) => self.ip_of(parts, span, depth),
            ("IpAddr::V4" | "IpAddr::V6" | "IpAddr::from" | "Ipv4Addr::from" | "Ipv6Addr::from", [ip]) => Some(self.ip(*ip, span, depth)),
            ("SocketAddr::V4" | "SocketAddr::V6", [only]) => Some(self.follow(*only, depth + 1)),
            _ => None,
        }
    }

    /// `([0, 0, 0, 0], 80).into()` where an address of a socket is asked for.
    pub(super) fn address_from(&self, id: ExprId, recv: ExprId, span: Span, depth: u32) -> Option<Value> {
        of_network(self.types.types[id.0 as usize].path()?).filter(|name| *name == "SocketAddr")?;
        self.pair(id, recv, span, depth)
    }

    /// The text of `Ipv4Addr::LOCALHOST`.
    pub(super) fn named_address(&self, path: &Path, span: Span) -> Option<Value> {
        if path.segs.len() < 2 {
            return None;
        }
        constant_address(self.world, self.world.program.def(self.def).module, path, self.at(span))
    }

    /// `let mut address: SocketAddr = "0.0.0.0:80".parse()?; address.set_port(port);`: what it is after that, if nothing else
    /// changes it and no condition stands around that.
    pub(super) fn with_port(&self, id: ExprId, of: LocalId, depth: u32) -> Option<Value> {
        let local = &self.types.locals[of.0 as usize];
        of_network(local.ty.path()?).filter(|name| name.starts_with("SocketAddr"))?;
        let init = local.init?;
        let is_it = |expr: &ExprId| self.types.local_of.get(expr) == Some(&of);
        let mut changes = ids(self.body).filter(|at| match &self.body[*at] {
            Expr::Method { recv, name, .. } => is_it(recv) && name.starts_with("set_"),
            Expr::Assign { left, .. } => is_it(left),
            _ => false,
        });
        let (Some(change), None) = (changes.next(), changes.next()) else { return None };
        let Expr::Method { name, args, span, .. } = &self.body[change] else { return None };
        let [port] = &**args else { return None };
        let is_behind = |stmts: &[Stmt]| {
            let bound = stmts.iter().position(|stmt| matches!(stmt, Stmt::Let { init: Some(given), .. } if *given == init));
            let set = stmts.iter().position(|stmt| matches!(stmt, Stmt::Expr { expr, .. } if *expr == change));
            matches!((bound, set), (Some(bound), Some(set)) if bound < set)
        };
        let in_one_block = self.body.exprs.iter().any(|expr| matches!(expr, Expr::Block(stmts) if is_behind(stmts)));
        if name != "set_port" || id < change || !in_one_block {
            return None;
        }
        let text = |text: String| Value::Known(FactValue::Text(text), false, self.at(*span));
        let port = self.follow(*port, depth + 1);
        match self.follow(init, depth + 1) {
            Value::Known(FactValue::Text(address), ..) => Some(Value::Join(vec![text(format!("{}:", address.rsplit_once(':')?.0)), port])),
            Value::Join(mut parts) => {
                let last = parts.pop()?;
                // The port is what stands behind a colon, and all of that.
                let is_port = !matches!(&last, Value::Known(FactValue::Text(_), ..));
                let ends = matches!(parts.last(), Some(Value::Known(FactValue::Text(text), ..)) if text.ends_with(':'));
                parts.push(port);
                (is_port && ends).then_some(Value::Join(parts))
            }
            _ => None,
        }
    }

    fn pair(&self, id: ExprId, pair: ExprId, span: Span, depth: u32) -> Option<Value> {
        match &self.body[self.behind(pair)] {
            Expr::Tuple(parts) => match &**parts {
                [ip, port] => Some(self.socket(id, *ip, *port, span, depth)),
                _ => None,
            },
            _ => None,
        }
    }

    fn socket(&self, id: ExprId, ip: ExprId, port: ExprId, span: Span, depth: u32) -> Value {
        let (ip, port) = (self.ip(ip, span, depth), self.follow(port, depth + 1));
        if matches!((&ip, &port), (Value::Unknown(_), Value::Unknown(_))) {
            return self.unknown(id);
        }
        let text = |text: &str| Value::Known(FactValue::Text(text.to_owned()), false, self.at(span));
        match &ip {
            Value::Known(FactValue::Text(six), ..) if six.contains(':') => Value::Join(vec![text(&format!("[{six}]:")), port]),
            _ => Value::Join(vec![ip, text(":"), port]),
        }
    }

    /// An address by its parts, or as whatever it is.
    fn ip(&self, id: ExprId, span: Span, depth: u32) -> Value {
        let by_parts = match &self.body[self.behind(id)] {
            Expr::Array(parts) => self.ip_of(parts, span, depth),
            _ => None,
        };
        by_parts.unwrap_or_else(|| self.follow(id, depth + 1))
    }

    fn ip_of(&self, parts: &[ExprId], span: Span, depth: u32) -> Option<Value> {
        if parts.len() != 4 && parts.len() != 8 {
            return None;
        }
        let number = |id: &ExprId| match self.follow(*id, depth + 1) {
            Value::Known(FactValue::Int(number), ..) => u16::try_from(number).ok(),
            _ => None,
        };
        let numbers: Vec<u16> = parts.iter().map(number).collect::<Option<_>>()?;
        let text = match <[u16; 8]>::try_from(numbers.as_slice()) {
            Ok(eight) => Ipv6Addr::from(eight).to_string(),
            Err(_) => {
                let four: Vec<u8> = numbers.iter().map(|part| u8::try_from(*part).ok()).collect::<Option<_>>()?;
                Ipv4Addr::from(<[u8; 4]>::try_from(four.as_slice()).ok()?).to_string()
            }
        };
        Some(Value::Known(FactValue::Text(text), false, self.at(span)))
    }
}

/// What an attribute makes by one call: `ByteSize::mib(64)`, `Duration::from_secs(5)`, `IpAddr::V4(Ipv4Addr::LOCALHOST)`.
pub(super) fn in_attribute(world: World<'_>, module: ModId, text: &str, at: At) -> Option<Value> {
    let path_of = |text: &str| {
        let is_path = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let names: Vec<&str> = text.split("::").map(str::trim).collect();
        (names.len() > 1 && names.iter().all(|name| is_path(name))).then(|| Path::of(&names))
    };
    let Some((call, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return constant_address(world, module, &path_of(text)?, at);
    };
    let path = path_of(call.trim())?;
    let full = foreign(world, module, &path)?;
    if let Some(number) = arithmetic::written(inner.trim(), at) {
        let (_, last) = full.rsplit_once("::")?;
        return bytes(&full, &number, at).or_else(|| match full.strip_suffix(last)? {
            "std::time::Duration::" | "core::time::Duration::" => duration("Duration", last, &number),
            _ => None,
        });
    }
    match of_network(&full)? {
        "IpAddr::V4" | "IpAddr::V6" | "IpAddr::from" => constant_address(world, module, &path_of(inner.trim())?, at),
        _ => None,
    }
}

fn constant_address(world: World<'_>, module: ModId, path: &Path, at: At) -> Option<Value> {
    if !matches!(path.last()?.as_str(), "LOCALHOST" | "UNSPECIFIED" | "BROADCAST") {
        return None;
    }
    let text = match of_network(&foreign(world, module, path)?)? {
        "Ipv4Addr::LOCALHOST" => Ipv4Addr::LOCALHOST.to_string(),
        "Ipv4Addr::UNSPECIFIED" => Ipv4Addr::UNSPECIFIED.to_string(),
        "Ipv4Addr::BROADCAST" => Ipv4Addr::BROADCAST.to_string(),
        "Ipv6Addr::LOCALHOST" => Ipv6Addr::LOCALHOST.to_string(),
        "Ipv6Addr::UNSPECIFIED" => Ipv6Addr::UNSPECIFIED.to_string(),
        _ => return None,
    };
    Some(Value::Known(FactValue::Text(text), false, at))
}

/// The full path of something that is not of the workspace.
fn foreign(world: World<'_>, module: ModId, path: &Path) -> Option<smol_str::SmolStr> {
    match world.program.resolve(world.catalog, module, path, Space::Value)? {
        Res::Foreign(full) => Some(full),
        _ => None,
    }
}

/// `SocketAddr::new` of `std::net::SocketAddr::new`.
fn of_network(path: &str) -> Option<&str> {
    path.strip_prefix("std::net::").or_else(|| path.strip_prefix("core::net::"))
}

/// The bytes of `ByteSize::mib(64)`, or of the function `bytesize::mib(64)`.
fn bytes(path: &str, number: &Value, at: At) -> Option<Value> {
    let name = path.strip_prefix("bytesize::")?;
    let each: i64 = match name.strip_prefix("ByteSize::").unwrap_or(name) {
        "b" | "ByteSize" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    if each == 1 {
        return Some(number.clone());
    }
    arithmetic::numbers(Math::Mul, number, &Value::Known(FactValue::Int(each), false, at))
}
