// gen/program.h: sessions at a prompt.
#include "gen/program.h"

#include "lexer/lexer.h"
#include "runtime/host/api_state.h"
#include "runtime/host/evaluate.h"
#include "runtime/host/prelude.h"

namespace gen {

using detail::State;

static constexpr std::string_view kBlank = " \t\f";
static constexpr const char* kFilename = "<stdin>";

static Dict* names_of_sys(VM& vm) { return vm.get(vm.modules, vm.intern("sys")).as<Module>()->dict; }

Console::Console(Interpreter vm) : vm_(std::move(vm)) {
    VM& v = State::of(vm_).vm;
    v.set(names_of_sys(v), "ps1", v.str(">>> "));
    v.set(names_of_sys(v), "ps2", v.str("... "));
    for (const char* name : {"exit", "quit", "help"})
        v.set(v.builtins, name, prelude_value(v, std::string("_") + name));
}

// Compound statements end with an empty line.
static bool wants_another_line(const std::string& text) {
    size_t last = text.rfind('\n');
    std::string_view line = std::string_view(text).substr(last == std::string::npos ? 0 : last + 1);
    if (line.find_first_not_of(kBlank) == std::string_view::npos) return false;
    if (text[0] == '@') return true;
    size_t n = 0;
    while (n < text.size() && text[n] >= 'a' && text[n] <= 'z') n++;
    std::string_view word = std::string_view(text).substr(0, n);
    for (std::string_view compound : {"if", "for", "while", "try", "with", "def", "class", "async"})
        if (word == compound) return true;
    Source source = Source::from_text(kFilename, text);
    Lexer lexer(source);
    Token token;
    do token = lexer.next();
    while (token.kind != Tok::EndMarker && token.kind != Tok::Error);
    return lexer.incomplete() == Incomplete::Block;
}

Console::Fed Console::feed(std::string_view line) {
    if (text_.empty() && line.find_first_not_of(kBlank) == std::string_view::npos) return Fed::Done;
    if (!text_.empty()) text_ += '\n';
    text_ += line;
    return run(true);
}

Console::Fed Console::end() { return text_.empty() ? Fed::Done : run(false); }

void Console::reset() { text_.clear(); }

Console::Fed Console::run(bool more) {
    State& s = State::of(vm_);
    VM& vm = s.vm;
    CompileOptions options;
    options.mode = CompileOptions::Mode::Single;
    options.filename = kFilename;
    options.future_annotations = future_annotations_;
    options.observe_generators = vm.observer;
    CodeBuilder builder(vm.heap, vm.strings);
    CompileResult result = compile(builder, Source::from_text(kFilename, text_), options);
    if (more && (result.incomplete != Incomplete::No || (result.code && wants_another_line(text_))))
        return Fed::Incomplete;
    text_.clear();
    future_annotations_ |= result.future_annotations;
    Outcome o = Outcome::raised();
    if (result.code) {
        print_warnings(vm, result.warnings, options.filename);
        o = vm.run_code(result.code, s.main->dict, Value::object(s.main->dict));
    } else if (result.error) {
        vm.raise(syntax_error(vm, *result.error, options.filename));
    } else {
        vm.out_of_memory();
    }
    if (s.hands_over) s.host.streams.out.flush();
    if (!o.is_raised()) return Fed::Done;
    bool leaves = vm.is_instance(vm.exception, kShapeSystemExit);
    int status = s.show_uncaught();
    if (!leaves) return Fed::Failed;
    status_ = status;
    return Fed::Exit;
}

std::string Console::prompt() const {
    VM& vm = State::of(vm_).vm;
    Value v = vm.get(names_of_sys(vm), vm.intern(text_.empty() ? "ps1" : "ps2"));
    if (v.is_unbound()) return "";
    Outcome text = vm.run(Value::object(vm.type(kShapeStr)), {v});
    vm.exception = Value::unbound();
    return text.is_value() ? std::string(text.value().as<Str>()->view()) : std::string();
}

Console::Input Console::read(std::string& line) {
    State& s = State::of(vm_);
    s.host.streams.out.flush();
    line.clear();
    bool more = s.host.streams.read_line && s.host.streams.read_line(line);
    if (s.vm.interrupt.exchange(0) & kInterruptKeyboard) return Input::Interrupted;
    if (!line.empty() && line.back() == '\n') line.pop_back();
    return more ? Input::Line : Input::End;
}

void Console::write(std::string_view text) { State::of(vm_).host.streams.out.write(text); }

}  // namespace gen
