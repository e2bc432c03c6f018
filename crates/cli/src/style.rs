//! The few ways in which text stands out. Written into the text; printing drops them where no terminal would show them.

use anstyle::Style;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
