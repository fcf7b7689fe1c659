use super::table;

#[test]
fn columns_line_up_in_display_width() {
    let rows = |cells: &[[&str; 3]]| cells.iter().map(|row| row.map(str::to_owned).to_vec()).collect::<Vec<_>>();
    let text = table(&rows(&[["渠道", "n", "x"], ["短信", "12", "好"], ["a", "3", ""]]));
    assert_eq!(text, "渠道   n  x\n短信  12  好\na      3\n");
}
