//! A host with a thousand tenants of four plugins each, made of forty different components: how long from start to ready with
//! compiled plugins on disk, and how much memory it then holds.

use super::{Figure, idle, scratch};
use crate::commands::tenant::{ApplyHow, apply};
use crate::failure::{Failure, Result};
use crate::open::Context;
use crate::setup::folder::Folder;
use std::fmt::Write as _;
use std::path::Path;

const TENANTS: usize = 1_000;
const PLUGINS: [&str; 4] = ["classifier", "router", "drafter", "checker"];
/// Of each plugin: what differs is a section that nobody reads, so that each is a component of its own.
const VARIANTS: usize = 10;

pub async fn measure(context: &Context) -> Result<Vec<Figure>> {
    let folder = scratch(context)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let config = folder.0.join("posthouse.toml");
    let host = format!(
        "data_dir = \"data\"\npublic_url = \"http://127.0.0.1:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n[log]\nlevel = \"error\"\n"
    );
    std::fs::write(&config, host)?;
    components(context, &folder.0.join("components"))?;

    let mut global = context.global.clone();
    global.config = Some(config);
    let inside = Context::new(global, context.environment.clone());
    let opened = inside.open_or_new().await?;
    let sandbox = inside.sandbox(Some((&opened.host, &opened.key)))?;
    let finder = inside.finder(Some(&opened.host));
    let tenant = folder.0.join("tenant");
    std::fs::create_dir(&tenant)?;
    for number in 0..TENANTS {
        std::fs::write(tenant.join("tenant.toml"), set_up(number))?;
        apply(&Folder::load(&tenant, &finder)?, &opened, &sandbox, ApplyHow::default()).await?;
    }
    opened.store.close().await;
    drop((sandbox, opened));
    idle::starts(context, &folder.0, port, "1,000 tenants, 4,000 plugins of 40 components").await
}

fn set_up(number: usize) -> String {
    let mut text = format!(
        "slug = \"tenant-{number}\"\nname = \"Tenant {number}\"\n[[mailbox]]\nname = \"support\"\n\
         address = \"support@tenant-{number}.example\"\nmaildir = {{ path = \"maildir-{number}\" }}\n\
         files = {{ path = \"out-{number}\" }}\n"
    );
    for plugin in PLUGINS {
        let variant = number % VARIANTS;
        let _ =
            write!(text, "[[plugin]]\nname = \"{plugin}\"\ncomponent = \"../components/{plugin}-{variant}.wasm\"\n");
    }
    text
}

fn components(context: &Context, folder: &Path) -> Result<()> {
    std::fs::create_dir(folder)?;
    for plugin in PLUGINS {
        let component = context.finder(None).find(plugin, Path::new("."))?;
        for variant in 0..VARIANTS {
            let bytes = another(&component.bytes, variant)?;
            std::fs::write(folder.join(format!("{plugin}-{variant}.wasm")), bytes)?;
        }
    }
    Ok(())
}

/// The same component with one more section, which says which it is.
pub(super) fn another(component: &[u8], number: usize) -> Result<Vec<u8>> {
    let name = b"bench";
    let content = [&[u8::try_from(name.len()).unwrap_or(0)], &name[..], number.to_string().as_bytes()].concat();
    let length = u8::try_from(content.len()).ok().filter(|length| *length < 128);
    let length = length.ok_or_else(|| Failure::new("the section is too long for one byte of length"))?;
    // A custom section: id 0, its length, its name behind the name's length, anything.
    Ok([component, &[0, length], &content].concat())
}
