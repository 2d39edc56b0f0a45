//! Archives written and read byte by byte, for the tests beside it.
//!
//! Must not know: keys, and what is asked of an archive.

#![allow(clippy::cast_possible_truncation, reason = "lengths of small archives")]

use std::io::{Read as _, Write as _};

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

use super::super::{tar, zip};

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn tar_header(name: &str, kind: u8, size: usize) -> Vec<u8> {
    let mut block = vec![0; tar::BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    tar::resummed(block).unwrap()
}

pub(super) fn tar_of(files: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, content) in files {
        out.extend(tar_header(name, *kind, content.len()));
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(tar::BLOCK), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// `stored`: as it is, not deflated. `late`: sizes come after the data.
pub(super) fn zip_of(files: &[(&str, &[u8])], stored: bool, late: bool) -> Vec<u8> {
    let (mut out, mut records) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let packed = if stored { content.to_vec() } else { encoder.finish().unwrap() };
        let sizes: Vec<u8> = [crc(content), packed.len() as u32, content.len() as u32].map(u32::to_le_bytes).concat();
        let offset = out.len() as u32;
        let method: u16 = if stored { 0 } else { 8 };
        let flags: u16 = if late { 8 } else { 0 };
        let front = [[20, 0], flags.to_le_bytes(), method.to_le_bytes(), [1, 2], [3, 4]].concat();
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&front);
        out.extend_from_slice(if late { &[0; 12] } else { &sizes });
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
        if late {
            out.extend_from_slice(b"PK\x07\x08");
            out.extend_from_slice(&sizes);
        }
        records.extend_from_slice(b"PK\x01\x02\x14\0");
        records.extend_from_slice(&front);
        records.extend_from_slice(&sizes);
        records.extend_from_slice(&(name.len() as u16).to_le_bytes());
        records.extend_from_slice(&[0; 12]);
        records.extend_from_slice(&offset.to_le_bytes());
        records.extend_from_slice(name.as_bytes());
    }
    let (start, len) = (out.len() as u32, records.len() as u32);
    out.extend(records);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[(files.len() as u16).to_le_bytes(), (files.len() as u16).to_le_bytes()].concat());
    out.extend_from_slice(&[len.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend_from_slice(&[0, 0]);
    out
}

pub(super) fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let directory = zip::directory(bytes, 1000).unwrap();
    let one = |file: &zip::File| {
        let data = &bytes[file.data.clone()];
        let mut content = Vec::new();
        match file.method {
            0 => content.extend_from_slice(data),
            _ => drop(flate2::read::DeflateDecoder::new(data).read_to_end(&mut content).unwrap()),
        }
        assert_eq!(zip::u32_at(bytes, file.record.start + 16), Some(crc(&content)));
        assert_eq!(content.len() as u64, file.size);
        (String::from_utf8(file.name.clone()).unwrap(), content)
    };
    directory.files.iter().map(one).collect()
}
