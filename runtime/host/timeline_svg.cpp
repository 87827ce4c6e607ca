// The drawing of a Timeline. Columns are given to lanes greedily: one whose generator has ended is free for
// the next. So the picture is as wide as generators live at the same time, and recursion looks like a
// staircase.
#include "runtime/host/svg.h"
#include "runtime/host/timeline.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace gen {

namespace {

using svg::document, svg::escaped, svg::line, svg::number, svg::rect, svg::text_width;

// Pixels.
constexpr double kMargin = 24, kHead = 24, kRow = 30, kHeadRow = 36, kBar = 10, kFont = 12, kPad = 12,
                 kMinGap = 84;

constexpr const char* kStyle =
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:#1f2328}\n"
    ".card{fill:#fff;stroke:#d8dee4}\n"
    ".head{fill:#fff;stroke:#8c959f}\n.name{font-weight:600;text-anchor:middle}\n"
    ".label{text-anchor:middle}\n.verb,.small{fill:#656d76}\n.small{font-size:11px}\n"
    ".idle{stroke:#8c959f}\n.wait{fill:#ddf4ff;stroke:#54aeff}\n.run{fill:#54aeff;stroke:#54aeff}\n"
    ".main.wait{fill:#eaeef2;stroke:#8c959f}\n.main.run{fill:#8c959f;stroke:#8c959f}\n"
    ".in{stroke:#57606a;fill:#57606a}\n.out{stroke:#0969da;fill:#0969da}\n"
    ".handed{stroke:#8250df;fill:#8250df}\n.error{stroke:#cf222e;fill:#cf222e}\n"
    "line,path{stroke-width:1.25}\n.dash{stroke-dasharray:4 3}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}\n.card{fill:#0d1117;stroke:#30363d}\n.head{fill:#0d1117;stroke:#8b949e}\n.verb,."
    "small{fill:#9198a1}\n"
    ".idle{stroke:#6e7681}\n.wait{fill:#0c2d4d;stroke:#388bfd}\n.run{fill:#388bfd;stroke:#388bfd}\n"
    ".main.wait{fill:#21262d;stroke:#6e7681}\n.main.run{fill:#6e7681;stroke:#6e7681}\n"
    ".in{stroke:#9198a1;fill:#9198a1}\n.out{stroke:#58a6ff;fill:#58a6ff}\n"
    ".handed{stroke:#b692f6;fill:#b692f6}\n.error{stroke:#ff7b72;fill:#ff7b72}\n}\n";

enum class State : uint8_t { Absent, Running, Waiting, Suspended, Delegating };

struct Place {                  // of a lane
    int first = -1, last = -1;  // events
    bool ends = false;
    unsigned column = 0;
    std::string name;
    double head = 0;  // width
    State state = State::Absent;
    double since = 0;  // y
};

class Drawing {
  public:
    explicit Drawing(const Timeline& t) : t_(t), places_(t.lanes.size()) {}
    std::string svg();

  private:
    using Kind = Timeline::Kind;
    bool is_start(size_t event) const {
        return places_[t_.events[event].to].first == int(event) && t_.lanes[t_.events[event].to].is_generator;
    }
    std::string label(const Timeline::Event& e) const {
        return e.value.empty() ? e.verb : e.verb + " " + e.value;
    }
    void find_lives();
    void name_lanes();
    void give_columns();
    void lay_out();
    void play();
    void change(unsigned lane, State state, double y);
    void head(const Place& p, bool generator, double y);
    void arrow(size_t i, double y);
    void note(const Timeline::Event& e, double y);
    void end_mark(const Place& p, bool error, double y);
    size_t legend_items() const;
    double legend_width() const;
    void legend(double y);
    double x(unsigned lane) const { return columns_[places_[lane].column]; }
    void text(double x, double y, const std::string& attributes, const std::string& inner) {
        front_ +=
            "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + attributes + ">" + inner + "</text>\n";
    }

    const Timeline& t_;
    std::vector<Place> places_;
    std::vector<double> columns_, rows_;  // x of each column, y of each event
    double right_ = 0;                    // of the last column and its notes
    std::string arrows_, bars_, front_;   // drawn in this order
};

void Drawing::find_lives() {
    for (size_t i = 0; i < t_.events.size(); i++) {
        const auto& e = t_.events[i];
        for (unsigned lane : {e.from, e.to}) {
            if (places_[lane].first < 0) places_[lane].first = int(i);
            places_[lane].last = int(i);
        }
        if (e.kind == Kind::Return || e.kind == Kind::Raise) places_[e.from].ends = true;
    }
}

// Those that share a name are numbered.
void Drawing::name_lanes() {
    std::unordered_map<std::string_view, int> count, next;
    for (const auto& lane : t_.lanes) count[lane.name]++;
    for (size_t i = 0; i < places_.size(); i++) {
        const std::string& name = t_.lanes[i].name;
        places_[i].name = count[name] > 1 ? name + " " + std::to_string(++next[name]) : name;
        places_[i].head = text_width(places_[i].name, true) + 20;
    }
}

void Drawing::give_columns() {
    std::vector<int> free_from;  // by column: the event from which it is free
    for (auto& p : places_) {
        size_t column = 0;
        while (column < free_from.size() && free_from[column] > p.first) column++;
        if (column == free_from.size()) free_from.push_back(0);
        p.column = unsigned(column);
        free_from[column] = p.ends ? p.last + 1 : int(t_.events.size()) + 1;
    }
    columns_.assign(free_from.size(), 0);
}

// The distance of two columns is what the labels and heads between them need.
void Drawing::lay_out() {
    std::vector<double> gap(columns_.size(), kMinGap);  // to the right of each column
    std::vector<double> widest(columns_.size(), 0);
    for (const auto& p : places_) widest[p.column] = std::max(widest[p.column], p.head);
    for (size_t i = 0; i + 1 < columns_.size(); i++)
        gap[i] = std::max(gap[i], (widest[i] + widest[i + 1]) / 2 + kPad);
    gap.back() = widest.back() / 2;
    for (size_t i = 0; i < t_.events.size(); i++) {
        const auto& e = t_.events[i];
        unsigned from = places_[e.from].column, to = places_[e.to].column;
        double need = text_width(label(e)) + kBar + 2 * kPad;
        if (is_start(i) && (to == from + 1 || from == to + 1)) need += places_[e.to].head / 2 - kBar / 2;
        unsigned at = from <= to ? from : from - 1;
        gap[at] = std::max(gap[at], need);
    }
    // The legend is as wide as three columns; spare width goes between them.
    double all = widest[0] / 2, legend = legend_width(), between = double(columns_.size() - 1);
    for (double g : gap) all += g;
    for (size_t i = 0; i < columns_.size() - 1 && all < legend; i++) gap[i] += (legend - all) / between;
    double at = kMargin + widest[0] / 2;
    for (size_t i = 0; i < columns_.size(); i++) {
        columns_[i] = at;
        at += gap[i];
    }
    right_ = std::max(at, kMargin + legend);
    double y = kMargin + kHead / 2;
    for (size_t i = 0; i < t_.events.size(); i++) {
        y += is_start(i) || (i && is_start(i - 1)) || !i ? kHeadRow : kRow;
        rows_.push_back(y);
    }
}

void Drawing::change(unsigned lane, State state, double y) {
    Place& p = places_[lane];
    if (p.state != state && y > p.since) {
        double at = columns_[p.column], from = p.since;
        std::string main = t_.lanes[lane].is_generator ? "" : "main ";
        switch (p.state) {
            case State::Absent:
                break;
            case State::Running:
                bars_ += rect(at - kBar / 2, from, kBar, y - from, "2", main + "run");
                break;
            case State::Waiting:
                bars_ += rect(at - kBar / 2, from, kBar, y - from, "2", main + "wait");
                break;
            case State::Suspended:
                bars_ += line(at, from, at, y, "idle");
                break;
            case State::Delegating:
                bars_ += line(at, from, at, y, "handed dash");
                break;
        }
    }
    if (p.state != state) p.since = y;
    p.state = state;
}

void Drawing::head(const Place& p, bool generator, double y) {
    double at = columns_[p.column];
    front_ += rect(at - p.head / 2, y - kHead / 2, p.head, kHead, generator ? "12" : "4", "head");
    text(at, y + 4, "class=\"name\"", escaped(p.name));
}

void Drawing::end_mark(const Place& p, bool error, double y) {
    double at = columns_[p.column];
    if (!error) {
        front_ += line(at - 8, y + 3, at + 8, y + 3, "idle");
        return;
    }
    front_ += line(at - 5, y, at + 5, y + 10, "error") + line(at - 5, y + 10, at + 5, y, "error");
}

void Drawing::note(const Timeline::Event& e, double y) {
    double at = x(e.from) + kBar / 2 + 8;
    front_ += "<path d=\"M" + number(x(e.from) + kBar / 2) + " " + number(y) + "h6\" class=\"handed\"/>\n";
    text(at + 1, y + 4, "", "<tspan class=\"verb\">" + escaped(e.verb) + "</tspan> " + escaped(e.value));
}

void Drawing::arrow(size_t i, double y) {
    const auto& e = t_.events[i];
    double from = x(e.from), to = x(e.to), side = to > from ? 1 : -1;
    double tail = from + side * kBar / 2,
           tip = to - side * (is_start(i) ? places_[e.to].head / 2 : kBar / 2 + 1);
    const char* cls = e.kind == Kind::Resume                           ? "in"
                      : e.kind == Kind::Delegate                       ? "handed"
                      : e.kind == Kind::Raise || e.kind == Kind::Throw ? "error"
                                                                       : "out";
    if (e.kind == Kind::Throw && e.value.empty()) cls = "in";  // close
    arrows_ += line(tail, y, tip - side * 6, y, std::string(cls) + (e.kind == Kind::Delegate ? " dash" : ""));
    arrows_ += "<path d=\"M" + number(tip) + " " + number(y) + "l" + number(-side * 7) +
               " -3.5v7z\" class=\"" + cls + "\" stroke=\"none\"/>\n";
    // The label stands in the gap beside whoever speaks.
    unsigned column = places_[e.from].column, next = side > 0 ? column + 1 : column - 1;
    double until = next == places_[e.to].column ? tip : columns_[next] - side * kBar / 2;
    std::string inner = "<tspan class=\"verb\">" + escaped(e.verb) + "</tspan>";
    if (!e.value.empty()) inner += " " + escaped(e.value);
    text((tail + until) / 2, y - 5, "class=\"label\"", inner);
}

void Drawing::play() {
    double top = kMargin + kHead / 2;
    for (size_t i = 0; i < places_.size(); i++)
        if (!t_.lanes[i].is_generator) {
            head(places_[i], false, top);
            places_[i].since = top + kHead / 2;
            places_[i].state = i ? State::Suspended : State::Running;
        }
    for (size_t i = 0; i < t_.events.size(); i++) {
        const auto& e = t_.events[i];
        double y = rows_[i];
        if (e.from == e.to) {
            note(e, y);
            continue;
        }
        double entered = y;
        if (is_start(i)) {
            head(places_[e.to], true, y);
            entered = y + kHead / 2;
            places_[e.to].since = entered;
        }
        arrow(i, y);
        switch (e.kind) {
            case Kind::Resume:
            case Kind::Throw:
                change(e.from, State::Waiting, y);
                break;
            case Kind::Yield:
                change(e.from,
                       places_[e.from].state == State::Delegating ? State::Delegating : State::Suspended, y);
                break;
            case Kind::Delegate:
                change(e.from, State::Delegating, y);
                break;
            case Kind::Return:
            case Kind::Raise:
                change(e.from, State::Absent, y);
                end_mark(places_[e.from], e.kind == Kind::Raise, y);
                break;
        }
        change(e.to, State::Running, entered);
    }
    double bottom = (rows_.empty() ? top + kHead / 2 : rows_.back()) + kRow;
    for (unsigned i = 0; i < places_.size(); i++) change(i, State::Absent, bottom);
}

constexpr const char* kLegend[] = {"runs", "waits for one that it resumed", "suspended", "delegates"};
constexpr double kSymbol = 16, kSpace = 18;

static double legend_text(const char* name) { return text_width(name) * 0.93; }

double Drawing::legend_width() const {
    double width = 0;
    for (size_t i = 0; i < legend_items(); i++) width += kSymbol + legend_text(kLegend[i]) + (i ? kSpace : 0);
    return width;
}

// Delegation is explained where there is any.
size_t Drawing::legend_items() const {
    bool delegates = std::any_of(t_.events.begin(), t_.events.end(),
                                 [](const auto& e) { return e.kind == Kind::Delegate && e.from != e.to; });
    return delegates ? 4 : 3;
}

void Drawing::legend(double y) {
    double at = kMargin;
    for (size_t i = 0; i < legend_items(); i++) {
        double middle = at + kBar / 2;
        if (i < 2)
            front_ += rect(at, y - 6, kBar, 12, "2", i ? "wait" : "run");
        else
            front_ += line(middle, y - 7, middle, y + 7, i == 2 ? "idle" : "handed dash");
        text(at + kSymbol, y + 4, "class=\"small\"", kLegend[i]);
        at += kSymbol + legend_text(kLegend[i]) + kSpace;
    }
}

std::string Drawing::svg() {
    find_lives();
    name_lanes();
    give_columns();
    lay_out();
    play();
    double y = (rows_.empty() ? kMargin + kHead : rows_.back()) + kRow + 20;
    if (t_.more) {
        text(kMargin, y + 4, "class=\"small\"",
             "… and " + std::to_string(t_.more) + (t_.more == 1 ? " more event" : " more events"));
        y += 22;
    }
    legend(y);
    return document("Timeline of generators", kStyle, right_ + kMargin, y + kMargin,
                    arrows_ + bars_ + front_);
}

}  // namespace

std::string timeline_svg(const Timeline& t) { return Drawing(t).svg(); }

}  // namespace gen
