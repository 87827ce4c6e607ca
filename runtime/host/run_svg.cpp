// The drawing of a RunHistory. Only one lane runs at a time, so each slice of running has a stretch of its own height, however
// long it took; a tick and the time stand where time has passed while nobody ran. Columns are given to lanes greedily: one whose
// task or thread has ended is free for the next.
#include "runtime/host/run_history.h"
#include "runtime/host/svg.h"
#include "vm/sched/report.h"

#include <algorithm>
#include <map>

namespace gen {

namespace {

using svg::document, svg::escaped, svg::line, svg::number, svg::rect, svg::text_width;
using What = RunHistory::What;

constexpr size_t kMostEvents = 400;  // that are drawn
constexpr unsigned kMostColumns = 24;
constexpr size_t kMostLabel = 32;  // bytes
// Pixels.
constexpr double kMargin = 24, kAxis = 58, kHead = 24, kStep = 15, kGap = 20, kBar = 10, kWait = 4, kPad = 18;

constexpr const char* kStyle =
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:#1f2328}\n"
    ".card{fill:#fff;stroke:#d8dee4}\n.head{fill:#fff;stroke:#8c959f}\n.name{font-weight:600;text-anchor:"
    "middle}\n"
    ".small{font-size:11px;fill:#656d76}\n.label{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-"
    "linejoin:round}\n"
    ".time{text-anchor:end}\n.tick{stroke:#d8dee4}\n.idle{stroke:#8c959f}\n.ready{stroke:#8c959f;stroke-"
    "dasharray:2 3}\n"
    ".run{fill:#54aeff;stroke:#54aeff}\n.main.run{fill:#8c959f;stroke:#8c959f}\n.carries{fill:#eaeef2;stroke:"
    "#8c959f}\n"
    ".wake{stroke:#57606a;fill:#57606a}\n"
    ".sleep{fill:#d4a72c}\n.lock{fill:#e5534b}\n.task{fill:#a475f9}\n.outside{fill:#4ac26b}\n"
    "line,path{stroke-width:1.25}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}\n.card{fill:#0d1117;stroke:#30363d}\n.head{fill:#0d1117;stroke:#8b949e}\n.small{fill:"
    "#9198a1}\n"
    ".label{stroke:#0d1117}\n.tick{stroke:#30363d}\n.idle,.ready{stroke:#6e7681}\n.run{fill:#388bfd;stroke:#"
    "388bfd}\n"
    ".main.run{fill:#6e7681;stroke:#6e7681}\n.carries{fill:#21262d;stroke:#6e7681}\n.wake{stroke:#9198a1;"
    "fill:#9198a1}\n"
    ".sleep{fill:#bb8009}\n.lock{fill:#da3633}\n.task{fill:#8957e5}\n.outside{fill:#2ea043}\n}\n";

constexpr const char* kClasses[] = {"ready", "sleep", "lock", "task", "outside"};  // by WaitsFor
constexpr const char* kMeanings[] = {"ready", "sleeps", "waits for a lock, queue, event", "waits for tasks",
                                     "waits for the world outside"};

std::string shortened(const std::string& text) {
    if (text.size() <= kMostLabel) return text;
    size_t end = kMostLabel - 1;
    while (end && (uint8_t(text[end]) & 0xc0) == 0x80) end--;
    return text.substr(0, end) + "…";
}

enum class State : uint8_t { Absent, Ready, Running, Carrying, Waiting };

struct Place {                  // of a lane
    int first = -1, last = -1;  // events
    bool ends = false, shown = false;
    unsigned column = 0;
    std::string name;
    double head = 0;  // width
    State state = State::Absent;
    WaitsFor waits_for = WaitsFor::Turn;
    double since = 0;  // y
};

class Drawing {
  public:
    explicit Drawing(const RunHistory& h)
        : h_(h), count_(std::min(h.events.size(), kMostEvents)), places_(h.lanes.size()) {}
    std::string svg();

  private:
    void find_lives();
    void name_lanes();
    void give_columns();
    void lay_out();
    void play();
    void event(const RunHistory::Event& e);
    void change(unsigned lane, State state, double y, WaitsFor waits_for = WaitsFor::Turn);
    void carry(unsigned lane, State state, double y);
    void begin(unsigned lane, unsigned by);
    void head(unsigned lane, double y);
    void arrow(unsigned from, unsigned to, double y, double at_tip);
    double legend(double y, bool draws);
    double x(unsigned lane) const { return columns_[places_[lane].column]; }
    bool is_shown(unsigned lane) const { return lane != RunHistory::kNobody && places_[lane].shown; }
    void text(double x, double y, const std::string& cls, const std::string& inner) {
        front_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + cls + "\">" +
                  escaped(inner) + "</text>\n";
    }

    const RunHistory& h_;
    const size_t count_;  // of events that are drawn
    std::vector<Place> places_;
    std::vector<double> columns_;  // x of each
    double right_ = 0, y_ = 0;
    int64_t shown_time_ = -1;
    unsigned hidden_ = 0;  // lanes without a column
    bool used_[5] = {};    // by WaitsFor
    bool carries_ = false;
    std::string ticks_, arrows_, bars_, front_;  // drawn in this order
};

void Drawing::find_lives() {
    for (size_t i = 0; i < count_; i++) {
        const auto& e = h_.events[i];
        Place& p = places_[e.lane];
        if (p.first < 0) p.first = int(i);
        p.last = int(i);
        p.ends |= e.what == What::Ends;
    }
}

// Those that share a name are numbered.
void Drawing::name_lanes() {
    std::map<std::string, int> count, next;
    for (const auto& lane : h_.lanes) count[lane.name]++;
    for (size_t i = 0; i < places_.size(); i++) {
        std::string name = shortened(h_.lanes[i].name);
        places_[i].name =
            count[h_.lanes[i].name] > 1 ? name + " " + std::to_string(++next[h_.lanes[i].name]) : name;
        places_[i].head = text_width(places_[i].name, true) + 20;
    }
}

void Drawing::give_columns() {
    std::vector<int> free_from;  // by column: the event from which it is free
    for (auto& p : places_) {
        if (p.first < 0) continue;
        size_t column = 0;
        while (column < free_from.size() && free_from[column] > p.first) column++;
        if (column == kMostColumns) {
            hidden_++;
            continue;
        }
        if (column == free_from.size()) free_from.push_back(0);
        p.column = unsigned(column);
        p.shown = true;
        free_from[column] = p.ends ? p.last + 1 : int(count_) + 1;
    }
    columns_.assign(free_from.size(), 0);
}

// A column is as wide as its heads and, to the right of its bar, the labels of its waits.
void Drawing::lay_out() {
    std::vector<double> left(columns_.size(), kBar), right(columns_.size(), kBar);
    for (const auto& p : places_) {
        if (!p.shown) continue;
        left[p.column] = std::max(left[p.column], p.head / 2);
        right[p.column] = std::max(right[p.column], p.head / 2);
    }
    for (size_t i = 0; i < count_; i++) {
        const auto& e = h_.events[i];
        if (e.what == What::Stops && is_shown(e.lane) && !e.text.empty())
            right[places_[e.lane].column] =
                std::max(right[places_[e.lane].column], text_width(shortened(e.text)) * 0.93 + 10);
    }
    double at = kMargin + kAxis;
    for (size_t i = 0; i < columns_.size(); i++) {
        columns_[i] = at + left[i];
        at = columns_[i] + right[i] + kPad;
    }
    right_ = at - kPad;
}

void Drawing::change(unsigned lane, State state, double y, WaitsFor waits_for) {
    if (!is_shown(lane)) return;
    Place& p = places_[lane];
    double at = x(lane), from = p.since;
    if (y > from) {
        switch (p.state) {
            case State::Absent:
                break;
            case State::Ready:
                bars_ += line(at, from, at, y, "ready");
                used_[int(WaitsFor::Turn)] = true;
                break;
            case State::Running:
                bars_ += rect(at - kBar / 2, from, kBar, y - from, "2", lane ? "run" : "main run");
                break;
            case State::Carrying:
                bars_ += rect(at - kBar / 2, from, kBar, y - from, "2", "carries");
                carries_ = true;
                break;
            case State::Waiting:
                bars_ += rect(at - kWait / 2, from, kWait, y - from, "2", kClasses[int(p.waits_for)]);
                used_[int(p.waits_for)] = true;
                break;
        }
    }
    p.since = y;
    p.state = state;
    p.waits_for = waits_for;
}

// The fiber under a task that goes on or stops.
void Drawing::carry(unsigned lane, State state, double y) {
    unsigned carrier = h_.lanes[lane].carrier;
    if (h_.lanes[lane].is_task && is_shown(carrier) && places_[carrier].state != state)
        change(carrier, state, y);
}

void Drawing::head(unsigned lane, double y) {
    const Place& p = places_[lane];
    front_ +=
        rect(x(lane) - p.head / 2, y - kHead / 2, p.head, kHead, h_.lanes[lane].is_task ? "12" : "4", "head");
    text(x(lane), y + 4, "name", p.name);
}

void Drawing::arrow(unsigned from, unsigned to, double y, double at_tip) {
    if (!is_shown(from) || !is_shown(to) || from == to) return;
    double side = x(to) > x(from) ? 1 : -1, tip = x(to) - side * at_tip;
    arrows_ += line(x(from) + side * kBar / 2, y, tip - side * 6, y, "wake");
    arrows_ += "<path d=\"M" + number(tip) + " " + number(y) + "l" + number(-side * 7) +
               " -3.5v7z\" class=\"wake\" stroke=\"none\"/>\n";
}

void Drawing::begin(unsigned lane, unsigned by) {
    if (!is_shown(lane)) return;
    y_ += kHead / 2 + 4;
    head(lane, y_);
    arrow(by, lane, y_, places_[lane].head / 2);
    places_[lane].since = y_ + kHead / 2;
    places_[lane].state = State::Ready;
    y_ += kHead / 2 + 4;
}

void Drawing::event(const RunHistory::Event& e) {
    Place& p = places_[e.lane];
    if (!p.shown) return;
    if (p.state == State::Absent && e.what != What::Begins && e.what != What::Ends)
        begin(e.lane, RunHistory::kNobody);
    switch (e.what) {
        case What::Begins:
            begin(e.lane, e.by);
            break;
        case What::Runs:
            carry(e.lane, State::Carrying, y_);
            change(e.lane, State::Running, y_);
            break;
        case What::Stops:
            y_ += kStep;
            change(e.lane, e.waits_for == WaitsFor::Turn ? State::Ready : State::Waiting, y_, e.waits_for);
            carry(e.lane, State::Running, y_);
            if (!e.text.empty()) text(x(e.lane) + 8, y_ + 11, "small label", shortened(e.text));
            break;
        case What::Wakes:
            if (is_shown(e.by)) y_ += kStep - 3;
            arrow(e.by, e.lane, y_, kWait);
            change(e.lane, State::Ready, y_);
            break;
        case What::Ends:
            y_ += kStep;
            change(e.lane, State::Absent, y_);
            carry(e.lane, State::Running, y_);
            front_ += line(x(e.lane) - 8, y_ + 1, x(e.lane) + 8, y_ + 1, "idle");
            y_ += 4;
            break;
    }
}

void Drawing::play() {
    constexpr int64_t kNoticed = 1'000'000;  // less is not worth a tick
    y_ = kMargin + kHead / 2;
    head(0, y_);
    y_ += kHead / 2;
    places_[0].since = y_;
    places_[0].state = State::Ready;
    for (size_t i = 0; i < count_; i++) {
        const auto& e = h_.events[i];
        if (shown_time_ < 0 || e.time - shown_time_ >= kNoticed || (h_.jumps && e.time != shown_time_)) {
            if (i) y_ += kGap;
            ticks_ += line(kMargin + kAxis - 14, y_, right_, y_, "tick");
            text(kMargin + kAxis - 20, y_ + 4, "small time", duration_text(e.time));
            shown_time_ = e.time;
        }
        event(e);
    }
    y_ += kStep;
    for (unsigned i = 0; i < places_.size(); i++) change(i, State::Absent, y_);
}

// The width; only what the drawing has is explained.
double Drawing::legend(double y, bool draws) {
    constexpr double kSymbol = 16, kSpace = 18;
    double at = kMargin;
    auto item = [&](const char* cls, double width, const char* meaning) {
        double middle = at + kBar / 2;
        if (draws && width)
            front_ += rect(middle - width / 2, y - 6, width, 12, "2", cls);
        else if (draws)
            front_ += line(middle, y - 7, middle, y + 7, cls);
        if (draws) text(at + kSymbol, y + 4, "small", meaning);
        at += kSymbol + text_width(meaning) * 0.93 + kSpace;
    };
    item("run", kBar, "runs");
    if (carries_) item("carries", kBar, "runs the loop");
    for (int i = 0; i < 5; i++)
        if (used_[i]) item(kClasses[i], i ? kWait : 0, kMeanings[i]);
    return at - kSpace;
}

std::string Drawing::svg() {
    find_lives();
    name_lanes();
    give_columns();
    lay_out();
    play();
    double y = y_ + 24;
    uint64_t more = h_.more + (h_.events.size() - count_);
    std::string left_out;
    if (more) left_out = "… and " + std::to_string(more) + (more == 1 ? " more event" : " more events");
    if (hidden_)
        left_out += (more ? ", " : "… and ") + std::to_string(hidden_) +
                    (hidden_ == 1 ? " more lane" : " more lanes");
    if (!left_out.empty()) {
        text(kMargin, y + 4, "small", left_out);
        y += 22;
    }
    right_ = std::max(right_, legend(y, false));
    legend(y, true);
    return document("Timeline of threads and tasks", kStyle, right_ + kMargin, y + kMargin,
                    ticks_ + arrows_ + bars_ + front_);
}

}  // namespace

std::string run_timeline_svg(const RunHistory& h) { return Drawing(h).svg(); }

}  // namespace gen
