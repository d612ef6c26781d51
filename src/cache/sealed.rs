//! A file of the cache as bytes: who wrote it, and a hash of what it holds, so that nothing else is taken for it.

use super::{Hash, Program, hash};

/// Begins every file; the number is that of the form of what follows.
const MAGIC: &[u8; 16] = b"statemap cache 1";

const HASH: usize = size_of::<Hash>();
const HEAD: usize = MAGIC.len() + 2 * HASH;

/// Why a file is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No file of this cache, or one of another form.
    Foreign,
    /// Another build of the program wrote it.
    OtherProgram,
    /// Cut off, or changed since.
    Damaged,
}

impl Refused {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Refused::Foreign => "it is no file of this cache",
            Refused::OtherProgram => "another build of statemap wrote it",
            Refused::Damaged => "it is damaged",
        }
    }
}

/// What stands before the content.
pub(super) fn head(program: Program, content: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), &program.0, &hash(content)].concat()
}

/// The content of a file.
pub(super) fn open(bytes: &[u8], program: Program) -> Result<&[u8], Refused> {
    let (head, content) = bytes.split_at_checked(HEAD).ok_or(Refused::Foreign)?;
    let (magic, rest) = head.split_at(MAGIC.len());
    let (by, sum) = rest.split_at(HASH);
    if magic != MAGIC {
        return Err(Refused::Foreign);
    }
    if by != program.0 {
        return Err(Refused::OtherProgram);
    }
    if sum != hash(content) {
        return Err(Refused::Damaged);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_bytes_of_the_very_program_are_opened() {
        let own = Program::named("own");
        let content = b"what was found";
        let file = [head(own, content), content.to_vec()].concat();
        assert_eq!(open(&file, own), Ok(content.as_slice()));
        assert_eq!(open(&file, Program::named("other")), Err(Refused::OtherProgram));
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(open(&changed, own).is_err(), "byte {at}");
            assert!(open(&file[..at], own).is_err(), "cut at {at}");
        }
        let longer = [file.as_slice(), b"!"].concat();
        assert_eq!(open(&longer, own), Err(Refused::Damaged));
    }
}
