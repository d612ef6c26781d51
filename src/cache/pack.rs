//! The facts of files, in one file: those of a text that was parsed before are not made again.
//!
//! Facts hold the literals of the code, and code may hold secrets. So the facts of a text can be read by those only who have the
//! text: its hash is the key that they are hidden with, and what is kept of the hash is a hash again.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::sync::Mutex;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::folder::Folder;
use super::{Cache, Hash, Program, hash};
use crate::facts::FileFacts;

/// Begins the file; the number is that of the form of what follows.
const MAGIC: &[u8; 16] = b"statemap facts 1";
/// The magic, the program, the hash of the table, where the table is and how long.
const HEAD: usize = MAGIC.len() + 2 * size_of::<Hash>() + 2 * size_of::<u64>();
/// No table is longer.
const MAX_TABLE: u64 = 64 * 1024 * 1024;
/// Facts of one file are not larger.
const MAX_FACTS: u64 = 256 * 1024 * 1024;

/// Facts that were kept, by the path of their file.
pub(super) struct Pack {
    file: Mutex<File>,
    rows: FxHashMap<SmolStr, Row>,
}

/// Where the facts of a file are.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    path: SmolStr,
    /// Of which text.
    of: Hash,
    at: u64,
    bytes: u64,
    /// The hash of what is there.
    sum: Hash,
}

impl Pack {
    /// Opens what was kept; none when it is missing, cut off, changed, or of another build.
    pub(super) fn open(cache: &Cache, name: &str) -> Option<Self> {
        let mut file = cache.folder.open(name).ok()?;
        let mut head = [0; HEAD];
        file.read_exact(&mut head).ok()?;
        let (magic, rest) = head.split_at(MAGIC.len());
        let (by, rest) = rest.split_at(size_of::<Hash>());
        let (sum, rest) = rest.split_at(size_of::<Hash>());
        let (at, bytes) = rest.split_at(size_of::<u64>());
        let (at, bytes) = (u64::from_le_bytes(at.try_into().ok()?), u64::from_le_bytes(bytes.try_into().ok()?));
        if magic != MAGIC || by != cache.program.0 || bytes > MAX_TABLE {
            return None;
        }
        let mut table = Vec::new();
        file.seek(SeekFrom::Start(at)).ok()?;
        (&file).take(bytes).read_to_end(&mut table).ok()?;
        if sum != hash(&table) {
            return None;
        }
        let rows: Vec<Row> = postcard::from_bytes(&table).ok()?;
        let rows = rows.into_iter().map(|row| (row.path.clone(), row)).collect();
        Some(Self { file: Mutex::new(file), rows })
    }

    /// The facts of a file whose text has this hash.
    pub(super) fn facts(&self, path: &str, text: &Hash) -> Option<FileFacts> {
        let row = self.rows.get(path).filter(|row| row.of == hash(text) && row.bytes <= MAX_FACTS)?;
        let mut bytes = Vec::with_capacity(usize::try_from(row.bytes.min(1 << 20)).ok()?);
        {
            let mut file = self.file.lock().ok()?;
            file.seek(SeekFrom::Start(row.at)).ok()?;
            (&*file).take(row.bytes).read_to_end(&mut bytes).ok()?;
        }
        if row.sum != hash(&bytes) {
            return None;
        }
        hide(&mut bytes, text);
        postcard::from_bytes(&bytes).ok()
    }

    /// Keeps the facts of files with the hashes of their texts.
    pub(super) fn write<'f>(
        folder: &Folder,
        program: Program,
        name: &str,
        files: impl Iterator<Item = (&'f FileFacts, Hash)>,
    ) -> io::Result<()> {
        folder.write(name, |file| {
            let mut out = io::BufWriter::with_capacity(1 << 20, &mut *file);
            out.write_all(&[0; HEAD])?;
            let (mut at, mut rows) = (HEAD as u64, Vec::new());
            for (facts, text) in files {
                let Ok(mut bytes) = postcard::to_allocvec(facts) else { continue };
                hide(&mut bytes, &text);
                out.write_all(&bytes)?;
                let row = Row { path: facts.file.clone(), of: hash(&text), at, bytes: bytes.len() as u64, sum: hash(&bytes) };
                at += row.bytes;
                rows.push(row);
            }
            let table = postcard::to_allocvec(&rows).map_err(io::Error::other)?;
            out.write_all(&table)?;
            out.flush()?;
            drop(out);
            let (begins, bytes) = (at.to_le_bytes(), (table.len() as u64).to_le_bytes());
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&[MAGIC.as_slice(), &program.0, &hash(&table), &begins, &bytes].concat())
        })
    }
}

/// Hides bytes with a key, and shows them again with the same.
fn hide(bytes: &mut [u8], key: &Hash) {
    let mut stream = blake3::Hasher::new_keyed(key).update(b"statemap cache: the facts of a text").finalize_xof();
    let mut mask = [0; 4096];
    for part in bytes.chunks_mut(mask.len()) {
        stream.fill(&mut mask[..part.len()]);
        part.iter_mut().zip(&mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{ParseOptions, parse_file};

    /// All that this program's own code says, which is most of what code can say.
    #[test]
    fn whatever_facts_say_comes_back() {
        fn collect(folder: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { collect(&path, out) } else { out.push(path) }
            }
        }
        let mut files = Vec::new();
        for folder in ["src/cache", "src/parse", "src/commands", "fixtures/storefront/crates"] {
            collect(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
        }
        files.retain(|path| path.extension().is_some_and(|ending| ending == "rs"));
        assert!(files.len() > 60, "{}", files.len());
        let options = ParseOptions { include_tests: true, ..ParseOptions::default() };
        for file in files {
            let facts = parse_file("src/main.rs", &std::fs::read_to_string(&file).unwrap(), &options);
            let back: FileFacts = postcard::from_bytes(&postcard::to_allocvec(&facts).unwrap()).unwrap();
            assert_eq!(format!("{back:?}"), format!("{facts:?}"), "{}", file.display());
        }
    }

    #[test]
    fn facts_come_back_for_their_text_alone_and_say_nothing_without_it() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::new(&home.path().join("cache"), Program::named("own"));
        let text = "fn main() {\n    let key = \"hunter2hunter2\";\n}\n";
        let facts = parse_file("src/main.rs", text, &ParseOptions::default());
        let of = hash(text.as_bytes());
        let name = "00000000000000000000000000000000.facts";
        assert!(Pack::open(&cache, name).is_none());
        Pack::write(&cache.folder, cache.program, name, std::iter::once((&facts, of))).unwrap();
        let pack = Pack::open(&cache, name).unwrap();
        assert_eq!(format!("{:?}", pack.facts("src/main.rs", &of).unwrap()), format!("{facts:?}"));
        assert!(pack.facts("src/main.rs", &hash(b"fn main() {}")).is_none());
        assert!(pack.facts("src/lib.rs", &of).is_none());
        assert!(Pack::open(&Cache::new(cache.folder(), Program::named("other")), name).is_none());
        let file = cache.folder().join(name);
        let (whole, whole_facts) = (std::fs::read(&file).unwrap(), format!("{facts:?}"));
        assert!(!whole.windows(7).any(|part| part == b"hunter2"));
        assert!(!whole.windows(of.len()).any(|part| part == of), "the key is not kept");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&file, changed).unwrap();
            let facts = Pack::open(&cache, name).and_then(|pack| pack.facts("src/main.rs", &of));
            // A table that is said to be longer than the file is the same table.
            assert!(facts.is_none_or(|back| format!("{back:?}") == whole_facts), "byte {at}");
            std::fs::write(&file, &whole[..at]).unwrap();
            let facts = Pack::open(&cache, name).and_then(|pack| pack.facts("src/main.rs", &of));
            assert!(facts.is_none(), "cut at {at}");
        }
    }
}
