// gen/tools.h.
#include "gen/tools.h"

#include "runtime/host/api_state.h"
#include "runtime/host/run_recorder.h"
#include "runtime/host/timeline_recorder.h"
#include "vm/code/disasm.h"
#include "vm/compile/compile.h"

namespace gen {

using detail::State;

// ---- stages

[[noreturn]] static void fail(const std::optional<Diagnostic>& error, std::string_view filename) {
    if (!error) throw Error("MemoryError", "");
    throw Error(std::string(kind_name(error->kind)), error->message, format_diagnostic(*error, filename),
                Ref());
}

std::string tokens(std::string_view source, std::string_view filename) {
    return dump_tokens(Source::from_bytes(std::string(filename), source));
}

std::string syntax_tree(std::string_view source, std::string_view filename) {
    Arena arena;
    ParseResult result = parse(Source::from_bytes(std::string(filename), source), arena);
    if (result.error || !result.module) fail(result.error, filename);
    return dump_ast(result.module);
}

std::string bytecode(std::string_view source, std::string_view filename) {
    VM vm;
    CodeBuilder builder(vm.heap, vm.strings);
    CompileOptions options;
    options.filename = filename;
    CompileResult result = compile(builder, Source::from_bytes(options.filename, source), options);
    if (!result.code) fail(result.error, filename);
    return disassemble(*result.code);
}

// ---- recordings

struct GeneratorRecording::Recorder {
    Interpreter vm;  // kept alive
    TimelineRecorder events;
};

GeneratorRecording::GeneratorRecording(const Interpreter& vm)
    : recorder_(std::make_unique<Recorder>(Recorder{vm, {}})) {
    State::of(vm).vm.observer = &recorder_->events;
}
GeneratorRecording::~GeneratorRecording() {
    VM& vm = State::of(recorder_->vm).vm;
    if (vm.observer == &recorder_->events) vm.observer = nullptr;
}
std::string GeneratorRecording::svg() const { return timeline_svg(recorder_->events.timeline()); }

struct RunRecording::Recorder {
    Interpreter vm;
    RunRecorder events;
    Recorder(const Interpreter& i, size_t most_events) : vm(i), events(State::of(i).vm, most_events) {}
};

RunRecording::RunRecording(const Interpreter& vm, size_t most_events)
    : recorder_(std::make_unique<Recorder>(vm, most_events)) {
    State::of(vm).vm.scheduler.observer = &recorder_->events;
}
RunRecording::~RunRecording() {
    VM& vm = State::of(recorder_->vm).vm;
    if (vm.scheduler.observer == &recorder_->events) vm.scheduler.observer = nullptr;
}
std::string RunRecording::svg() const { return run_timeline_svg(recorder_->events.history()); }
std::string RunRecording::trace() const { return run_trace_json(recorder_->events.history()); }

}  // namespace gen
