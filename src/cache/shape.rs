//! What facts say but for the lines on which they stand: two texts of a file with the same shape make the same map, moved.
//!
//! The shape of facts holds everything that is in them, with each line as its rank among the lines of the file that facts stand
//! on. When two are equal, the lines of the one go to those of the other in the same order, so whatever compares two lines of the
//! file finds what it found before. A comment, a blank line, the body of a test and another layout of lines leave it as it is.

use std::fmt::{self, Display};

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde::{Deserialize, Serialize as SerializeDerive};

use super::{Hash, hash};
use crate::facts::FileFacts;

/// The shape of the facts of a file.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDerive, Deserialize)]
pub(super) struct Shape {
    /// What is equal when only lines differ.
    pub(super) hash: Hash,
    /// The lines that facts stand on, sorted, each once.
    pub(super) stands_on: Vec<u32>,
    /// How many lines the file has.
    pub(super) lines: u32,
}

impl Shape {
    /// The shape of facts; none when they cannot be told.
    pub(super) fn of(facts: &FileFacts) -> Option<Self> {
        let mut writer = Writer::default();
        facts.serialize(&mut writer).ok()?;
        let mut stands_on = writer.lines.clone();
        stands_on.sort_unstable();
        stands_on.dedup();
        let mut rank = 0;
        for line in std::mem::take(&mut writer.lines) {
            // Most stand on the line of the one before or on the next.
            let before = rank;
            if stands_on.get(rank) != Some(&line) {
                rank = match stands_on.get(rank + 1) {
                    Some(next) if *next == line => rank + 1,
                    _ => stands_on.binary_search(&line).ok()?,
                };
            }
            // Forth is even, back is odd.
            writer.number(if rank >= before { (rank - before) as u64 * 2 } else { (before - rank) as u64 * 2 + 1 });
        }
        Some(Self { hash: hash(&writer.bytes), stands_on, lines: facts.lines })
    }
}

/// Writes all that is serialised as bytes, and lines apart.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    lines: Vec<u32>,
    next: Next,
}

/// What the next number is.
#[derive(Clone, Copy, Default)]
enum Next {
    #[default]
    Plain,
    Line,
    /// That of all lines of the file.
    Count,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A number in as few bytes as it needs: the less there is to hash, the better.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// Facts cannot fail to be written.
#[derive(Debug)]
struct Failed;

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed to write facts")
    }
}

impl std::error::Error for Failed {}

impl serde::ser::Error for Failed {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Numbers are written as they lie in memory.
macro_rules! numbers {
    ($($name:ident: $of:ty,)*) => {
        $(fn $name(self, value: $of) -> Result<(), Failed> {
            self.put(&value.to_le_bytes());
            Ok(())
        })*
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Fields<'w>;
    type SerializeStructVariant = Fields<'w>;

    numbers! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_f32: f32,
        serialize_f64: f64,
    }

    fn serialize_u32(self, value: u32) -> Result<(), Failed> {
        match self.next {
            Next::Line => self.lines.push(value),
            Next::Count => {}
            Next::Plain => self.number(u64::from(value)),
        }
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Failed> {
        self.number(value);
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Failed> {
        self.serialize_u8(u8::from(value))
    }

    fn serialize_char(self, value: char) -> Result<(), Failed> {
        self.put(&u32::from(value).to_le_bytes());
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Failed> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Failed> {
        self.number(value.len() as u64);
        self.put(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Failed> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failed> {
        self.put(&[1]);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Failed> {
        Ok(())
    }

    fn serialize_unit_variant(self, _name: &'static str, variant: u32, _word: &'static str) -> Result<(), Failed> {
        self.number(u64::from(variant));
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        variant: u32,
        _word: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        self.number(u64::from(variant));
        value.serialize(self)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Failed> {
        self.number(len.ok_or(Failed)? as u64);
        Ok(self)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self, Failed> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self, Failed> {
        Ok(self)
    }

    fn serialize_tuple_variant(self, _name: &'static str, variant: u32, _word: &'static str, _len: usize) -> Result<Self, Failed> {
        self.number(u64::from(variant));
        Ok(self)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self, Failed> {
        self.serialize_seq(len)
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Fields<'w>, Failed> {
        Ok(Fields { writer: self, of: name })
    }

    fn serialize_struct_variant(self, _name: &'static str, variant: u32, _word: &'static str, _len: usize) -> Result<Fields<'w>, Failed> {
        self.number(u64::from(variant));
        Ok(Fields { writer: self, of: "" })
    }
}

/// The parts of what has parts.
macro_rules! parts {
    ($($of:ident: $name:ident,)*) => {
        $(impl $of for &mut Writer {
            type Ok = ();
            type Error = Failed;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Failed> {
                Ok(())
            }
        })*
    };
}

parts! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

impl SerializeMap for &mut Writer {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}

/// The fields of a struct.
struct Fields<'w> {
    writer: &'w mut Writer,
    of: &'static str,
}

impl Fields<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        self.writer.next = match (self.of, name) {
            ("Span", "line") | ("Comment", "target") => Next::Line,
            ("FileFacts", "lines") => Next::Count,
            _ => Next::Plain,
        };
        let done = value.serialize(&mut *self.writer);
        self.writer.next = Next::Plain;
        done
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        self.field(name, value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), Failed> {
        // What is left out is written otherwise than what is there.
        self.writer.put(name.as_bytes());
        Ok(())
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}

impl SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Failed> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::parse::{ParseOptions, parse_file};

    fn shape(text: &str) -> Shape {
        Shape::of(&parse_file("src/main.rs", text, &ParseOptions::default())).unwrap()
    }

    const CODE: &str =
        "use std::sync::Mutex;\n\nstatic SEEN: Mutex<u8> = Mutex::new(0);\n\nfn main() {\n    *SEEN.lock().unwrap() = 1;\n}\n";

    #[test]
    fn comments_blank_lines_and_tests_leave_it_and_move_its_lines() {
        let was = shape(CODE);
        for (from, to) in [
            ("static SEEN", "// A comment\n// and more of it.\n\nstatic SEEN"),
            ("use std", "\n\n\nuse std"),
            ("= 1;", "= 1; // at last"),
            ("}\n", "}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn it() { assert!(true) }\n}\n"),
        ] {
            let is = shape(&CODE.replace(from, to));
            assert_eq!(was.hash, is.hash, "{to}");
            assert_eq!(was.stands_on.len(), is.stands_on.len(), "{to}");
        }
        let moved = shape(&CODE.replace("static SEEN", "\n\nstatic SEEN"));
        assert_eq!((&was.stands_on[..], was.lines), (&[1, 3, 5, 6][..], 7));
        assert_eq!((&moved.stands_on[..], moved.lines), (&[1, 5, 7, 8][..], 9));
    }

    #[test]
    fn whatever_else_is_said_is_another_shape() {
        let was = shape(CODE);
        for (from, to) in [
            ("SEEN", "SAW"),
            ("= 1;", "= 2;"),
            ("    *SEEN", "  *SEEN"),
            ("fn main() {\n", "fn main() {"),
            ("static SEEN", "/// A doc comment.\nstatic SEEN"),
            ("static SEEN", "// statemap: owner = \"shop\"\nstatic SEEN"),
            ("Mutex<u8>", "Mutex<u16>"),
            ("fn main() {\n", "fn main() {\n    let x = 1;\n"),
            ("fn main", "pub fn main"),
        ] {
            assert_ne!(was.hash, shape(&CODE.replace(from, to)).hash, "{to}");
        }
    }
}
