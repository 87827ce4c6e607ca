// For tools: what each stage makes of a program, and recordings of its running.
#pragma once
#include "gen/gen.h"

namespace gen {

// The stages, as text; `source` is UTF-8 or says what else it is, as files do (PEP 263). Nothing is run.
// An Error whose traceback() shows the place where the program is no program: "SyntaxError" and those derived from it.
std::string tokens(std::string_view source,
                   std::string_view filename = "<string>");  // what is none is shown among them
std::string syntax_tree(std::string_view source,
                        std::string_view filename = "<string>");  // as Python's ast.dump
std::string bytecode(std::string_view source, std::string_view filename = "<string>");

// What passes between the generators of programs that are compiled while the recording exists: a drawing, as an SVG document,
// which ends after 400 events. An interpreter has one recording of a kind at a time.
class GeneratorRecording {
  public:
    explicit GeneratorRecording(const Interpreter&);
    ~GeneratorRecording();  // ends it
    GeneratorRecording(const GeneratorRecording&) = delete;
    GeneratorRecording& operator=(const GeneratorRecording&) = delete;
    std::string svg() const;  // so far

  private:
    struct Recorder;
    std::unique_ptr<Recorder> recorder_;
};

// When the threads and tasks of an interpreter run, and what they wait for, while the recording exists; up to so many events.
class RunRecording {
  public:
    static constexpr size_t kMostDrawn = 1000;  // events that a drawing has room for
    static constexpr size_t kMostTraced = 500'000;
    explicit RunRecording(const Interpreter&, size_t most_events = kMostDrawn);
    ~RunRecording();
    RunRecording(const RunRecording&) = delete;
    RunRecording& operator=(const RunRecording&) = delete;
    std::string svg() const;    // a lane for each, time downwards
    std::string trace() const;  // JSON: Chrome's trace events, for ui.perfetto.dev

  private:
    struct Recorder;
    std::unique_ptr<Recorder> recorder_;
};

}  // namespace gen
