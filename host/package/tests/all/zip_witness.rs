//! A ZIP library that had no part in either side: it reads what is written here, and what it writes is read.

use crate::support::{full, small};
use posthouse_package::Package;
use std::io::{Cursor, Read as _, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

#[test]
fn another_library_reads_a_package() {
    let package = full();
    let mut archive = ZipArchive::new(Cursor::new(package.write().unwrap())).unwrap();
    assert_eq!(archive.len(), package.files().count());
    for (number, (name, content)) in package.files().enumerate() {
        let mut file = archive.by_index(number).unwrap();
        assert_eq!((&*file.name().unwrap(), file.unix_mode()), (name, Some(0o100_644)));
        let time = file.last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day(), time.hour()), (1980, 1, 1, 0));
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(read, **content, "{name}");
    }
}

#[test]
fn a_package_that_another_library_wrote_is_read() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let package = small().fixture("a.txt", "a".repeat(1_000).into_bytes()).build().unwrap();
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in package.files() {
            writer.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(content).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        let read = Package::read(&bytes).unwrap();
        assert_eq!(read, package);
        assert_eq!(read.digest(), package.digest());
    }
}
