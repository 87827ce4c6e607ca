// Recordings of who ran when, as a trace and as a drawing.
#include "runtime/host/run_history.h"

#include <gtest/gtest.h>

using namespace gen;

namespace {

using What = RunHistory::What;
constexpr unsigned kNobody = RunHistory::kNobody;
constexpr int64_t kMilli = 1'000'000;

RunHistory two_threads() {
    RunHistory h;
    h.lanes = {{"main", false, kNobody, kNobody}, {"worker \"<a>\"", false, kNobody, 0}};
    h.events = {
        {What::Runs, WaitsFor::Turn, 0, kNobody, 0, ""},
        {What::Begins, WaitsFor::Turn, 1, 0, 1 * kMilli, ""},
        {What::Stops, WaitsFor::Time, 0, kNobody, 2 * kMilli, "sleeps 3 ms"},
        {What::Runs, WaitsFor::Turn, 1, kNobody, 2 * kMilli, ""},
        {What::Wakes, WaitsFor::Turn, 0, 1, 4 * kMilli, ""},
        {What::Ends, WaitsFor::Turn, 1, kNobody, 5 * kMilli, ""},
        {What::Runs, WaitsFor::Turn, 0, kNobody, 5 * kMilli, ""},
    };
    return h;
}

size_t count(const std::string& text, const std::string& part) {
    size_t n = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) n++;
    return n;
}

}  // namespace

TEST(RunTrace, HasSlicesOfRunningAndOfWaiting) {
    std::string json = run_trace_json(two_threads());
    EXPECT_NE(json.find(R"({"ph":"X","name":"main","cat":"run","pid":1,"tid":1,"ts":0.000,"dur":2000.000})"),
              std::string::npos)
        << json;
    EXPECT_NE(
        json.find(
            R"({"ph":"X","name":"sleeps 3 ms","cat":"sleep","pid":1,"tid":1,"ts":2000.000,"dur":2000.000})"),
        std::string::npos)
        << json;
    EXPECT_NE(
        json.find(R"({"ph":"X","name":"ready","cat":"ready","pid":1,"tid":1,"ts":4000.000,"dur":1000.000})"),
        std::string::npos)
        << json;
    EXPECT_NE(json.find(R"("args":{"name":"worker \"<a>\"","started by":"main"})"), std::string::npos)
        << json;
    EXPECT_EQ(count(json, R"("ph":"s")"), 2u);  // started, and woken
    EXPECT_EQ(count(json, R"("ph":"f")"), 2u);
}

TEST(RunTrace, EveryEventTakesTimeWhereTheClockStandsStill) {
    RunHistory h = two_threads();
    h.jumps = true;
    for (auto& e : h.events) e.time = 0;
    std::string json = run_trace_json(h);
    EXPECT_NE(json.find(R"("name":"main","cat":"run","pid":1,"tid":1,"ts":0.000,"dur":2.000})"),
              std::string::npos)
        << json;
    EXPECT_EQ(json.find("\"dur\":0"), std::string::npos);
}

TEST(RunTrace, SaysWhatIsLeftOut) {
    RunHistory h = two_threads();
    h.more = 12;
    EXPECT_NE(run_trace_json(h).find(R"("events left out":12)"), std::string::npos);
    EXPECT_NE(run_timeline_svg(h).find("… and 12 more events"), std::string::npos);
}

TEST(RunTimeline, DrawsLanesWaitsAndArrows) {
    std::string svg = run_timeline_svg(two_threads());
    EXPECT_EQ(svg, run_timeline_svg(two_threads()));
    EXPECT_NE(svg.find("worker &quot;&lt;a&gt;&quot;"), std::string::npos) << svg;
    EXPECT_NE(svg.find(">sleeps 3 ms</text>"), std::string::npos) << svg;
    EXPECT_EQ(count(svg, "<path"), 2u);
    EXPECT_EQ(count(svg, "class=\"sleep\""), 2u);  // the wait, and its explanation
    EXPECT_EQ(svg.find("class=\"lock\""), std::string::npos);
    EXPECT_NE(svg.find(">4 ms</text>"), std::string::npos) << svg;
}

TEST(RunTimeline, LanesOfThoseThatHaveEndedAreUsedAgain) {
    RunHistory one = two_threads(), many = two_threads();
    for (unsigned lane = 2; lane < 10; lane++) {
        many.lanes.push_back({"worker \"<a>\"", false, kNobody, 0});
        many.events.push_back({What::Begins, WaitsFor::Turn, lane, 0, 5 * kMilli, ""});
        many.events.push_back({What::Ends, WaitsFor::Turn, lane, kNobody, 5 * kMilli, ""});
    }
    auto width = [](const std::string& svg) { return std::stod(svg.substr(svg.find("width=\"") + 7)); };
    EXPECT_LT(width(run_timeline_svg(many)), width(run_timeline_svg(one)) + 40);
}

TEST(RunTimeline, IsCapped) {
    RunHistory h = two_threads();
    for (unsigned lane = 2; lane < 60; lane++) {  // that live at the same time
        h.lanes.push_back({"thread", false, kNobody, 0});
        h.events.push_back({What::Begins, WaitsFor::Turn, lane, 0, 5 * kMilli, ""});
    }
    for (int i = 0; i < 2000; i++) {
        h.events.push_back({What::Stops, WaitsFor::Lock, 0, kNobody, 5 * kMilli, "waits"});
        h.events.push_back({What::Runs, WaitsFor::Turn, 0, kNobody, 5 * kMilli, ""});
    }
    std::string svg = run_timeline_svg(h);
    EXPECT_LT(svg.size(), 200'000u);
    EXPECT_NE(svg.find("more lanes"), std::string::npos);
    EXPECT_NE(svg.find("more events"), std::string::npos);
}
