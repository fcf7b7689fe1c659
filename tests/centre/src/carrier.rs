//! What CMPP, SGIP and SMGP share, being children of the same house: digests, codings, and how a text is carried.

use md5::{Digest, Md5};

use crate::{
    alphabet::Alphabet,
    dialect::{Fault, Part, Submit, split_header},
    wire::{is_number, is_time},
};

/// The digest of parts one after the other.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
    }
    md5.finalize().into()
}

/// Ten digits `MMDDhhmmss`, as they are digested.
pub(crate) fn stamp_digits(stamp: u32) -> String {
    format!("{stamp:010}")
}

/// The alphabet of a Msg_Fmt, MsgFormat or MessageCoding.
pub(crate) fn alphabet(coding: u8) -> Option<Alphabet> {
    match coding {
        0 => Some(Alphabet::Ascii),
        3 | 4 => Some(Alphabet::Binary),
        8 => Some(Alphabet::Ucs2),
        15 => Some(Alphabet::Gb18030),
        _ => None,
    }
}

/// The coding an answer of a person is written in.
pub(crate) fn coding(alphabet: Alphabet) -> u8 {
    if alphabet == Alphabet::Ucs2 { 8 } else { 0 }
}

/// The statuses of one protocol for what can be wrong with a submit.
pub(crate) struct Faults {
    pub(crate) structure: u32,
    pub(crate) coding: u32,
    pub(crate) length: u32,
    pub(crate) number: u32,
    pub(crate) validity: u32,
    pub(crate) schedule: u32,
}

/// What a submit says, before it is looked at.
pub(crate) struct Written<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: Vec<&'a str>,
    pub(crate) coding: u8,
    pub(crate) has_header: bool,
    pub(crate) content: &'a [u8],
    pub(crate) validity: &'a str,
    pub(crate) schedule: &'a str,
    pub(crate) priority: u8,
    pub(crate) wants_receipt: bool,
    pub(crate) wants_failures: bool,
}

impl<'a> Written<'a> {
    /// Looks whether it can be sent.
    pub(crate) fn judge(self, faults: &Faults) -> Result<Submit<'a>, Fault> {
        let alphabet = alphabet(self.coding).ok_or(Fault::Answer(faults.coding))?;
        let sound = [
            (self.content.len() <= alphabet.most_octets(), faults.length),
            (self.to.iter().all(|to| is_number(to)), faults.number),
            (is_time(self.validity), faults.validity),
            (is_time(self.schedule), faults.schedule),
        ];
        if let Some((_, status)) = sound.iter().find(|(is_sound, _)| !is_sound) {
            return Err(Fault::Answer(*status));
        }
        let (part, octets) = self.part().ok_or(Fault::Answer(faults.structure))?;
        Ok(Submit {
            from: self.from,
            to: self.to,
            coding: self.coding,
            alphabet,
            flash: false,
            part,
            octets,
            wants_receipt: self.wants_receipt,
            wants_failures: self.wants_failures,
            validity: self.validity,
            priority: self.priority,
            is_multi: false,
        })
    }

    /// Phones put together by the header alone.
    fn part(&self) -> Option<(Option<Part>, &'a [u8])> {
        if self.has_header { split_header(self.content) } else { Some((None, self.content)) }
    }
}
