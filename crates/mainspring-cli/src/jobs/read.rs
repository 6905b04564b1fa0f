//! Reads a file that should hold jobs, whatever it turns out to be.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// More than any file of jobs; a device that never ends must end somewhere.
pub(crate) const LONGEST_FILE_BYTES: usize = 16 * 1024 * 1024;
/// As long as the longest line that the usual cron daemons take, and then some.
pub(crate) const LONGEST_LINE_BYTES: usize = 64 * 1024;

/// The bytes of a text file with lines of sane length, or one sentence that says why not.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if metadata.is_dir() {
        return Err("is a directory, not a file of jobs".into());
    }
    let file = File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let number = index + 1;
        if line.len() > LONGEST_LINE_BYTES {
            return Err(format!("line {number} is longer than {LONGEST_LINE_BYTES} bytes"));
        }
        if line.iter().any(|&byte| is_binary(byte)) {
            return Err(format!("is not a text file: control characters in line {number}"));
        }
    }
    if bytes.len() > LONGEST_FILE_BYTES {
        return Err(format!("is larger than {} MiB", LONGEST_FILE_BYTES >> 20));
    }
    Ok(bytes)
}

fn is_binary(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | 0x0b | 0x0c | 0x1b)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "no permission to read it".into(),
        _ => format!("cannot be read: {error}"),
    }
}
