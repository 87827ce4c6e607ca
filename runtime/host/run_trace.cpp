// A RunHistory in Chrome's trace event format.
#include "runtime/host/run_history.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace gen {

namespace {

using What = RunHistory::What;

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (uint8_t(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", c);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

// Microseconds with three decimals.
std::string micro(int64_t nanoseconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%lld.%03lld", (long long)(nanoseconds / 1000),
                  (long long)(nanoseconds % 1000));
    return text;
}

class Trace {
  public:
    explicit Trace(const RunHistory& h) : h_(h), states_(h.lanes.size()) {}
    std::string json();

  private:
    enum class State : uint8_t { Absent, Ready, Running, Waiting };
    struct Lane {
        State state = State::Absent;
        int64_t since = 0;
        const RunHistory::Event* stop = nullptr;  // while it waits
    };
    static const char* category(WaitsFor w) {
        switch (w) {
            case WaitsFor::Turn:
                return "ready";
            case WaitsFor::Time:
                return "sleep";
            case WaitsFor::Lock:
                return "lock";
            case WaitsFor::Task:
                return "task";
            case WaitsFor::Outside:
                break;
        }
        return "outside";
    }
    void row(const std::string& fields) { out_ += (out_.empty() ? "" : ",\n") + ("{" + fields + "}"); }
    std::string place(unsigned lane) const { return "\"pid\":1,\"tid\":" + std::to_string(lane + 1); }
    void slice(unsigned lane, int64_t until, const std::string& name, const char* category,
               const std::string& more = "");
    void change(unsigned lane, State, int64_t now, const RunHistory::Event* stop = nullptr);
    void wake(unsigned from, unsigned to, int64_t now, const char* name);

    const RunHistory& h_;
    std::vector<Lane> states_;
    std::string out_;
    uint64_t arrows_ = 0;
};

void Trace::slice(unsigned lane, int64_t until, const std::string& name, const char* category,
                  const std::string& more) {
    int64_t from = states_[lane].since;
    if (until <= from) return;
    row("\"ph\":\"X\",\"name\":" + quoted(name) + ",\"cat\":\"" + category + "\"," + place(lane) +
        ",\"ts\":" + micro(from) + ",\"dur\":" + micro(until - from) + more);
}

void Trace::change(unsigned lane, State state, int64_t now, const RunHistory::Event* stop) {
    Lane& l = states_[lane];
    switch (l.state) {
        case State::Absent:
            break;
        case State::Ready:
            slice(lane, now, "ready", "ready");
            break;
        case State::Running:
            slice(lane, now, h_.lanes[lane].name, "run");
            break;
        case State::Waiting:
            slice(lane, now, l.stop->text.empty() ? "waits" : l.stop->text, category(l.stop->waits_for));
            break;
    }
    l = {state, now, stop};
}

void Trace::wake(unsigned from, unsigned to, int64_t now, const char* name) {
    if (from == RunHistory::kNobody || from == to) return;
    std::string common = std::string(",\"name\":\"") + name +
                         "\",\"cat\":\"wake\",\"id\":" + std::to_string(++arrows_) + ",\"ts\":" + micro(now) +
                         ",";
    row("\"ph\":\"s\"" + common + place(from));
    row("\"ph\":\"f\",\"bp\":\"e\"" + common + place(to));
}

std::string Trace::json() {
    row("\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":\"gen\"}");
    for (unsigned i = 0; i < h_.lanes.size(); i++) {
        const auto& lane = h_.lanes[i];
        std::string by =
            lane.by == RunHistory::kNobody ? "" : ",\"started by\":" + quoted(h_.lanes[lane.by].name);
        row("\"ph\":\"M\",\"name\":\"thread_name\"," + place(i) + ",\"args\":{\"name\":" + quoted(lane.name) +
            by + "}");
        row("\"ph\":\"M\",\"name\":\"thread_sort_index\"," + place(i) +
            ",\"args\":{\"sort_index\":" + std::to_string(i) + "}");
    }
    int64_t now = -1000;
    for (const auto& e : h_.events) {
        now = h_.jumps ? std::max(now + 1000, e.time) : std::max(now, e.time);
        switch (e.what) {
            case What::Begins:
                change(e.lane, State::Ready, now);
                wake(e.by, e.lane, now, "starts");
                break;
            case What::Runs:
                change(e.lane, State::Running, now);
                break;
            case What::Stops:
                change(e.lane, e.waits_for == WaitsFor::Turn ? State::Ready : State::Waiting, now, &e);
                break;
            case What::Wakes:
                change(e.lane, State::Ready, now);
                wake(e.by, e.lane, now, "wakes");
                break;
            case What::Ends:
                change(e.lane, State::Absent, now);
                break;
        }
    }
    for (unsigned i = 0; i < states_.size(); i++) change(i, State::Absent, now + 1000);
    return "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"events left out\":" + std::to_string(h_.more) +
           "},\"traceEvents\":[\n" + out_ + "\n]}\n";
}

}  // namespace

std::string run_trace_json(const RunHistory& h) { return Trace(h).json(); }

}  // namespace gen
