//! The picture of where a warning holds, for mails: its outlines and circles in the colour of the level on plain ground,
//! with north and a scale. Drawn here and nowhere else, because nothing is fetched from elsewhere; the same warning gives the
//! same bytes, so that it can be signed.

use fenghuo_contract::Picture;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform,
};

use super::templates::MapWords;
use crate::domain::{
    level::Level,
    message::{Area, Circle, Polygon},
    sheet::{Ground, Sheet, Size, extent, thinned},
};

/// Its name in the HTML.
const ID: &str = "map@fenghuo";
/// Bytes of the file at most: mails go to many.
pub(crate) const BYTES_MAX: usize = 20_000;
/// Pixels; a mail shows it at this size.
const SIZE: Size = Size { width: 480.0, least_height: 200.0, most_height: 400.0 };
/// Corners of one outline: as many as make a file that is small enough.
const CORNERS: [usize; 4] = [400, 150, 60, 24];
/// Shapes of one kind in a picture.
const SHAPES: usize = 64;
/// Steps of grey or colour that are told apart in the file: edges stay smooth, and it stays small.
const STEP: u8 = 0x11;

/// What is drawn.
pub(crate) struct Drawing<'a> {
    pub(crate) level: Level,
    pub(crate) areas: &'a [Area],
    /// Outlines of areas that are named by code alone.
    pub(crate) coded: Vec<&'a Polygon>,
    /// Outlines of the district's areas, drawn faintly for orientation; those far away are left out by the frame.
    pub(crate) ground: Vec<&'a Polygon>,
}

/// The picture, and how a template speaks of it; `None` when nothing of it has an outline.
pub(crate) fn of(drawing: &Drawing<'_>, alt: String) -> Option<(Picture, MapWords)> {
    let polygons = || drawing.areas.iter().flat_map(|area| &area.polygons).chain(drawing.coded.iter().copied());
    let circles = || drawing.areas.iter().flat_map(|area| &area.circles);
    let corners = polygons().flat_map(|polygon| polygon.0.iter().copied());
    let sheet = Sheet::new(Ground::of(corners.chain(circles().flat_map(extent)))?, SIZE);
    let file = |corners: usize| {
        let outlines = polygons().filter_map(|polygon| outline(&sheet, polygon, corners));
        let shapes = outlines.chain(circles().filter_map(|circle| round(&sheet, circle))).take(SHAPES).collect();
        let ground =
            drawing.ground.iter().take(SHAPES).filter_map(|polygon| outline(&sheet, polygon, corners)).collect();
        drawn(&sheet, drawing.level, ground, shapes).filter(|bytes| bytes.len() <= BYTES_MAX)
    };
    let body = CORNERS.into_iter().find_map(file)?;
    let words = MapWords { id: ID, alt: alt.clone(), width: pixels(sheet.width), height: pixels(sheet.height) };
    let media_type = "image/png".to_owned();
    Some((Picture { id: ID.to_owned(), media_type, alt, body: body.into() }, words))
}

fn pixels(units: f64) -> u32 {
    units.round() as u32
}

/// The file.
fn drawn(sheet: &Sheet, level: Level, ground: Vec<Path>, shapes: Vec<Path>) -> Option<Vec<u8>> {
    let mut canvas = Canvas::new(sheet)?;
    ground.iter().for_each(|path| canvas.fill(path, PAPER, 255));
    shapes.iter().for_each(|path| canvas.fill(path, colour(level), 0xB0));
    // Borders are seen through it, and a dark line around tells it apart without colours too.
    ground.iter().for_each(|path| canvas.stroke(path, BORDERS, 1.0));
    shapes.iter().for_each(|path| canvas.stroke(path, INK, 2.0));
    canvas.north();
    canvas.scale(sheet);
    canvas.png()
}

fn outline(sheet: &Sheet, polygon: &Polygon, corners: usize) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (at, corner) in thinned(polygon, corners).into_iter().enumerate() {
        let (x, y) = point(sheet, corner);
        if at == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    path.close();
    path.finish()
}

fn round(sheet: &Sheet, circle: &Circle) -> Option<Path> {
    let (x, y) = point(sheet, circle.centre);
    PathBuilder::from_circle(x, y, (sheet.units(circle.radius_km) as f32).max(5.0))
}

/// Where a point is, not farther off the sheet than drawing copes with.
fn point(sheet: &Sheet, point: [f64; 2]) -> (f32, f32) {
    let (x, y) = sheet.place(point);
    (x.clamp(-10_000.0, 10_000.0) as f32, y.clamp(-10_000.0, 10_000.0) as f32)
}

/// Red, green, blue of a level: the colours its texts have.
fn colour(level: Level) -> (u8, u8, u8) {
    match level {
        Level::Red => (0xC4, 0x00, 0x1A),
        Level::Orange => (0xF2, 0x85, 0x00),
        Level::Yellow => (0xFF, 0xE0, 0x00),
        Level::Blue => (0x0B, 0x57, 0xB7),
        Level::Unknown => (0x5F, 0x63, 0x68),
    }
}

const GROUND: (u8, u8, u8) = (0xEE, 0xEE, 0xEE);
const BORDERS: (u8, u8, u8) = (0x88, 0x88, 0x88);
const INK: (u8, u8, u8) = (0x22, 0x22, 0x22);
const PAPER: (u8, u8, u8) = (0xFF, 0xFF, 0xFF);

struct Canvas {
    pixels: Pixmap,
}

impl Canvas {
    fn new(sheet: &Sheet) -> Option<Self> {
        let mut pixels = Pixmap::new(pixels(sheet.width), pixels(sheet.height))?;
        let (red, green, blue) = GROUND;
        pixels.fill(Color::from_rgba8(red, green, blue, 255));
        Some(Self { pixels })
    }

    fn width(&self) -> u32 {
        self.pixels.width()
    }

    fn height(&self) -> u32 {
        self.pixels.height()
    }

    /// An arrow and the letter, in the upper right corner.
    fn north(&mut self) {
        let (x, y) = (self.width() as f32 - 26.0, 12.0);
        self.plate(x - 14.0, y - 6.0, 34.0, 54.0);
        let mut arrow = PathBuilder::new();
        arrow.move_to(x + 3.0, y);
        arrow.line_to(x + 10.0, y + 20.0);
        arrow.line_to(x + 3.0, y + 15.0);
        arrow.line_to(x - 4.0, y + 20.0);
        arrow.close();
        if let Some(arrow) = arrow.finish() {
            self.fill(&arrow, INK, 255);
        }
        self.letters("N", x - 2.0, y + 27.0);
    }

    /// A bar with its length, in the lower left corner.
    fn scale(&mut self, sheet: &Sheet) {
        let km = sheet.scale_km();
        let (length, left, base) = (sheet.units(km) as f32, 16.0, self.height() as f32 - 14.0);
        let label = if km < 1.0 { format!("{:.0} m", km * 1000.0) } else { format!("{km:.0} km") };
        let wide = length.max(label.len() as f32 * LETTER);
        self.plate(left - 8.0, base - 28.0, wide + 16.0, 36.0);
        let mut bar = PathBuilder::new();
        bar.move_to(left, base - 6.0);
        bar.line_to(left, base);
        bar.line_to(left + length, base);
        bar.line_to(left + length, base - 6.0);
        if let Some(bar) = bar.finish() {
            self.stroke(&bar, INK, 2.0);
        }
        self.letters(&label, left, base - 22.0);
    }

    fn plate(&mut self, x: f32, y: f32, width: f32, height: f32) {
        if let Some(plate) = Rect::from_xywh(x, y, width, height) {
            self.fill(&PathBuilder::from_rect(plate), PAPER, 0xCC);
        }
    }

    fn letters(&mut self, text: &str, left: f32, top: f32) {
        for (at, letter) in text.chars().enumerate() {
            let mut path = PathBuilder::new();
            for line in strokes(letter) {
                for (number, (x, y)) in line.iter().enumerate() {
                    let (x, y) = (left + at as f32 * LETTER + x * 2.0, top + y * 2.0);
                    if number == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
                }
            }
            if let Some(path) = path.finish() {
                self.stroke(&path, INK, 1.6);
            }
        }
    }

    fn fill(&mut self, path: &Path, colour: (u8, u8, u8), opacity: u8) {
        self.pixels.fill_path(path, &paint(colour, opacity), FillRule::EvenOdd, Transform::identity(), None);
    }

    fn stroke(&mut self, path: &Path, colour: (u8, u8, u8), width: f32) {
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(path, &paint(colour, 255), &stroke, Transform::identity(), None);
    }

    /// The file. Shades are few, so that it is small.
    fn png(&mut self) -> Option<Vec<u8>> {
        for pixel in self.pixels.pixels_mut() {
            let few = |shade: u8| ((u16::from(shade) + u16::from(STEP / 2)) / u16::from(STEP)).min(15) as u8 * STEP;
            let [red, green, blue] = [pixel.red(), pixel.green(), pixel.blue()].map(few);
            if let Some(plain) = PremultipliedColorU8::from_rgba(red, green, blue, 255) {
                *pixel = plain;
            }
        }
        self.pixels.encode_png().ok()
    }
}

fn paint(colour: (u8, u8, u8), opacity: u8) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(colour.0, colour.1, colour.2, opacity);
    paint
}

/// Width of a letter with the room after it, pixels.
const LETTER: f32 = 12.0;

/// The lines of a letter on a grid of four by six, as they are needed for north and a scale: no font is needed for them.
fn strokes(letter: char) -> &'static [&'static [(f32, f32)]] {
    match letter {
        'N' => &[&[(0.0, 6.0), (0.0, 0.0), (4.0, 6.0), (4.0, 0.0)]],
        'k' => &[&[(0.0, 0.0), (0.0, 6.0)], &[(3.5, 2.0), (0.0, 4.2), (3.5, 6.0)]],
        'm' => &[&[(0.0, 6.0), (0.0, 2.0), (2.0, 2.6), (2.0, 6.0)], &[(2.0, 2.6), (4.0, 2.0), (4.0, 6.0)]],
        '0' => &[&[(0.0, 0.0), (4.0, 0.0), (4.0, 6.0), (0.0, 6.0), (0.0, 0.0)]],
        '1' => &[&[(0.5, 1.5), (2.5, 0.0), (2.5, 6.0)]],
        '2' => &[&[(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0), (0.0, 6.0), (4.0, 6.0)]],
        '5' => &[&[(4.0, 0.0), (0.0, 0.0), (0.0, 3.0), (4.0, 3.0), (4.0, 6.0), (0.0, 6.0)]],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(polygons: &[&[[f64; 2]]], circles: &[([f64; 2], f64)]) -> Area {
        Area {
            description: "松北区".to_owned(),
            polygons: polygons.iter().map(|corners| Polygon(corners.to_vec())).collect(),
            circles: circles
                .iter()
                .map(|(centre, radius_km)| Circle { centre: *centre, radius_km: *radius_km })
                .collect(),
            geocodes: Vec::new(),
            altitude_ft: None,
            ceiling_ft: None,
        }
    }

    const RIVER: &[[f64; 2]] =
        &[[45.80, 126.48], [45.83, 126.55], [45.81, 126.62], [45.77, 126.60], [45.76, 126.50], [45.80, 126.48]];

    fn picture(areas: &[Area], level: Level) -> Option<Picture> {
        let drawing = Drawing { level, areas, coded: Vec::new(), ground: Vec::new() };
        of(&drawing, "地图".to_owned()).map(|(picture, _)| picture)
    }

    /// Pixels of about this colour.
    fn count(picture: &Picture, is: impl Fn(u8, u8, u8) -> bool) -> usize {
        let pixels = Pixmap::decode_png(&picture.body).expect("a png");
        pixels.pixels().iter().filter(|pixel| is(pixel.red(), pixel.green(), pixel.blue())).count()
    }

    #[test]
    fn the_same_warning_is_the_same_bytes_and_few() {
        for level in Level::ALL {
            let areas = [area(&[RIVER], &[([45.79, 126.70], 3.0)])];
            let (first, second) = (picture(&areas, level).expect("drawn"), picture(&areas, level).expect("drawn"));
            assert_eq!(first, second);
            assert!(first.body.len() <= BYTES_MAX && first.body.starts_with(b"\x89PNG"), "{}", first.body.len());
        }
    }

    #[test]
    fn the_area_has_the_colour_of_its_level_and_the_ground_has_not() {
        let red = |r: u8, g: u8, b: u8| r > 0xB0 && g < 0x70 && b < 0x80;
        let yellow = |r: u8, g: u8, b: u8| r > 0xE0 && g > 0xC0 && b < 0x70;
        let areas = [area(&[RIVER], &[])];
        let (as_red, as_yellow) =
            (picture(&areas, Level::Red).expect("one"), picture(&areas, Level::Yellow).expect("one"));
        let (filled, other) = (count(&as_red, red), count(&as_red, yellow));
        assert!(filled > 20_000 && other == 0, "{filled} red, {other} yellow");
        assert!(count(&as_yellow, yellow) > 20_000 && count(&as_yellow, red) == 0);
        assert!(count(&as_red, |r, g, b| (r, g, b) == GROUND) > 20_000);
    }

    #[test]
    fn what_has_no_outline_has_no_picture_and_thousands_of_corners_have_a_small_one() {
        assert!(picture(&[area(&[], &[])], Level::Red).is_none());
        let coast: Vec<[f64; 2]> = (0..20_000)
            .map(|at| {
                let turn = f64::from(at) / 20_000.0 * std::f64::consts::TAU;
                let rough = 0.1 + 0.02 * (turn * 97.0).sin() + 0.01 * (turn * 991.0).cos();
                [45.8 + rough * turn.sin(), 126.5 + rough * turn.cos()]
            })
            .collect();
        assert!(picture(&[area(&[&coast], &[])], Level::Orange).is_some());
        // Longer than the Earth is round.
        assert!(
            picture(&[area(&[&[[-90.0, -180.0], [90.0, 180.0], [0.0, 0.0]]], &[([0.0, 0.0], 40_000.0)])], Level::Blue)
                .is_some()
        );
    }
}
