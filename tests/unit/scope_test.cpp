// Scope analysis: what every name means, and the tables that the compiler numbers its registers by.

#include "parser/scope.h"

#include <gtest/gtest.h>

#include "parser/parser.h"

using namespace gen;
using namespace gen::ast;

namespace {

struct Analysed {
    Source source;
    Arena arena;
    ParseResult parsed;
    ScopeResult result;

    explicit Analysed(std::string_view text, ScopeOptions options = {})
        : source(Source::from_text("x.gen", text)), parsed(parse(source, arena)) {
        EXPECT_TRUE(parsed.module) << parsed.error->message;
        options.future_annotations |= parsed.future_annotations;
        if (parsed.module) result = analyse_scopes(parsed.module, source, arena, options);
    }

    // The scope reached by names, outermost first: "f.g". Nth of equal names: "f.<lambda>#1".
    const Scope* scope(std::string_view path) {
        const Scope* at = result.module;
        while (!path.empty() && at) {
            std::string_view step = path.substr(0, path.find('/'));
            path.remove_prefix(std::min(path.size(), step.size() + 1));
            const Scope* found = nullptr;
            for (const Scope* child : at->children) {
                if (child->name->text == step && !found) found = child;
            }
            at = found;
        }
        EXPECT_TRUE(at);
        return at;
    }
    const Symbol* symbol(std::string_view path, std::string_view name) {
        return scope(path)->find_mangled(arena.intern(name));
    }
    std::string kind(std::string_view path, std::string_view name) {
        const Symbol* found = symbol(path, name);
        if (!found) return "absent";
        static const char* const kNames[] = {"local", "cell", "free", "global", "implicit"};
        return kNames[static_cast<int>(found->kind)];
    }
};

std::string names(const Seq<Symbol*>& symbols) {
    std::string out;
    for (const Symbol* symbol : symbols) out += (out.empty() ? "" : " ") + std::string(symbol->name->text);
    return out;
}

TEST(Scope, LocalsGlobalsAndCells) {
    Analysed a(
        "g = 1\n"
        "def f(p):\n"
        "    l = p\n"
        "    c = g\n"
        "    global e\n"
        "    e = len(l)\n"
        "    def inner(): return c, e, deep\n"
        "    def deep():\n"
        "        nonlocal c\n"
        "        c = 2\n");
    EXPECT_EQ(a.kind("", "g"), "implicit");
    EXPECT_EQ(a.kind("f", "p"), "local");
    EXPECT_EQ(a.kind("f", "l"), "local");
    EXPECT_EQ(a.kind("f", "c"), "cell");
    EXPECT_EQ(a.kind("f", "g"), "implicit");
    EXPECT_EQ(a.kind("f", "e"), "global");
    EXPECT_EQ(a.kind("f", "len"), "implicit");
    EXPECT_EQ(a.kind("f", "deep"), "cell");
    EXPECT_EQ(a.kind("f/inner", "c"), "free");
    EXPECT_EQ(a.kind("f/inner", "e"), "implicit");
    EXPECT_EQ(a.kind("f/deep", "c"), "free");
    EXPECT_EQ(names(a.scope("f")->locals), "p l c inner deep");
    EXPECT_EQ(names(a.scope("f")->cells), "c deep");
    EXPECT_EQ(names(a.scope("f/inner")->frees), "c deep");
    EXPECT_EQ(a.symbol("f", "c")->local, 2u);
    EXPECT_EQ(a.symbol("f", "c")->cell, 0u);
    EXPECT_EQ(a.symbol("f/inner", "deep")->free, 1u);
}

TEST(Scope, ParametersComeFirstInTheOrderOfCoVarnames) {
    Analysed a("def f(a, b, /, c, *args, d, e=1, **kwargs): x = a\n");
    const Scope* f = a.scope("f");
    EXPECT_EQ(names(f->locals), "a b c d e args kwargs x");
    EXPECT_EQ(f->posonly_count, 2u);
    EXPECT_EQ(f->arg_count, 3u);
    EXPECT_EQ(f->kwonly_count, 2u);
    EXPECT_TRUE(f->has_varargs);
    EXPECT_TRUE(f->has_varkeywords);
}

TEST(Scope, ScopesBetweenHandCellsOn) {
    Analysed a(
        "def f():\n"
        "    x = 1\n"
        "    def g():\n"
        "        class C:\n"
        "            def h(self): return x\n");
    EXPECT_EQ(a.kind("f", "x"), "cell");
    EXPECT_EQ(a.kind("f/g", "x"), "free");
    EXPECT_EQ(a.kind("f/g/C", "x"), "free");
    EXPECT_EQ(a.kind("f/g/C/h", "x"), "free");
    EXPECT_EQ(a.scope("f/g/C/h")->qualname, "f.<locals>.g.<locals>.C.h");
}

TEST(Scope, ClassNamesAreNotSeenInside) {
    Analysed a(
        "def f():\n"
        "    x = 1\n"
        "    class C:\n"
        "        x = x\n"
        "        y = 2\n"
        "        def g(self): return x, y\n");
    EXPECT_EQ(a.kind("f", "x"), "cell");
    EXPECT_EQ(a.kind("f/C", "x"), "local");
    EXPECT_NE(a.symbol("f/C", "x")->free, kNoIndex);  // its own x, and the outer one handed on
    EXPECT_EQ(names(a.scope("f/C")->frees), "x");
    EXPECT_EQ(a.kind("f/C/g", "x"), "free");
    EXPECT_EQ(a.kind("f/C/g", "y"), "implicit");
    EXPECT_TRUE(a.scope("f/C")->locals.empty());
}

TEST(Scope, SuperNeedsTheClassCell) {
    Analysed a(
        "class C:\n"
        "    def f(self): super().f()\n"
        "    def g(self): return [__class__ for x in self]\n"
        "class D:\n"
        "    __class__ = property(lambda self: 1)\n"
        "    def f(self): return self\n");
    EXPECT_TRUE(a.scope("C")->has_class_cell);
    EXPECT_EQ(names(a.scope("C")->cells), "__class__");
    EXPECT_EQ(a.kind("C/f", "__class__"), "free");
    EXPECT_EQ(a.kind("C/g", "__class__"), "free");
    EXPECT_EQ(a.kind("C/g/<listcomp>", "__class__"), "free");
    EXPECT_FALSE(a.scope("D")->has_class_cell);
    EXPECT_EQ(a.kind("D", "__class__"), "local");
}

TEST(Scope, PrivateNamesAreMangled) {
    Analysed a(
        "class __C:\n"
        "    __x = 1\n"
        "    def __f(self, __p): return __p, __x, __dunder__, self.__attr\n");
    EXPECT_EQ(a.kind("__C", "_C__x"), "local");
    EXPECT_EQ(a.kind("__C", "_C__f"), "local");
    EXPECT_EQ(a.kind("__C/__f", "_C__p"), "local");
    EXPECT_EQ(a.kind("__C/__f", "_C__x"), "implicit");
    EXPECT_EQ(a.kind("__C/__f", "__dunder__"), "implicit");
    const Scope* f = a.scope("__C/__f");
    EXPECT_EQ(mangle(a.arena, *f, a.arena.intern("__attr"))->text, "_C__attr");
    EXPECT_EQ(mangle(a.arena, *f, a.arena.intern("__a.b"))->text, "__a.b");
    EXPECT_EQ(mangle(a.arena, *f, a.arena.intern("_x"))->text, "_x");
    EXPECT_EQ(f->find(a.arena, a.arena.intern("__p")), a.symbol("__C/__f", "_C__p"));
}

TEST(Scope, ComprehensionsAreFunctionsOfTheirFirstIterable) {
    Analysed a("def f(y, z):\n    return [x + z for x in y for w in x if w]\n");
    const Scope* comp = a.scope("f/<listcomp>");
    EXPECT_EQ(comp->kind, ScopeKind::Comprehension);
    EXPECT_EQ(names(comp->locals), ".0 x w");
    EXPECT_EQ(comp->arg_count, 1u);
    EXPECT_EQ(a.kind("f", "y"), "local");
    EXPECT_EQ(a.kind("f", "z"), "cell");
    EXPECT_EQ(a.kind("f/<listcomp>", "y"), "absent");
    EXPECT_EQ(comp->qualname, "f.<locals>.<listcomp>");
}

TEST(Scope, WalrusBindsOutsideOfComprehensions) {
    Analysed a(
        "[(m := x) for x in y]\n"
        "def f():\n"
        "    [[(n := x) for x in z] for z in w]\n"
        "    return n\n");
    EXPECT_EQ(a.kind("", "m"), "global");
    EXPECT_EQ(a.kind("<listcomp>", "m"), "global");
    EXPECT_EQ(a.kind("f", "n"), "cell");
    EXPECT_TRUE(a.symbol("f", "n")->flags & kSymWalrus);
    EXPECT_EQ(a.kind("f/<listcomp>", "n"), "free");
    EXPECT_EQ(a.kind("f/<listcomp>/<listcomp>", "n"), "free");
}

TEST(Scope, GeneratorsAndCoroutines) {
    Analysed a(
        "def plain(): return 1\n"
        "def gen(): yield\n"
        "async def coro(): await x\n"
        "async def agen(): yield 1\n"
        "async def comp(): return [x async for x in y]\n"
        "def genexpr(): return (await x for x in y)\n"
        "lam = lambda: (yield)\n");
    const auto flags = [&](std::string_view path) {
        const Scope* scope = a.scope(path);
        return std::string(scope->is_generator ? "g" : "-") + (scope->is_coroutine ? "c" : "-");
    };
    EXPECT_EQ(flags("plain"), "--");
    EXPECT_EQ(flags("gen"), "g-");
    EXPECT_EQ(flags("coro"), "-c");
    EXPECT_EQ(flags("agen"), "gc");
    EXPECT_EQ(flags("comp/<listcomp>"), "-c");
    EXPECT_EQ(flags("genexpr"), "--");
    EXPECT_EQ(flags("genexpr/<genexpr>"), "gc");
    EXPECT_EQ(flags("<lambda>"), "g-");
    EXPECT_TRUE(a.scope("agen")->is_async_gen());
}

TEST(Scope, FlagsThatTheCompilerAsksFor) {
    Analysed a(
        "x: int\n"
        "def f():\n"
        "    y = 1\n"
        "    del y\n"
        "    try: pass\n"
        "    except E as e: pass\n"
        "    return locals()\n"
        "def g():\n"
        "    z: int\n"
        "    import a.b, c as d\n");
    EXPECT_TRUE(a.result.module->has_annotations);
    EXPECT_TRUE(a.symbol("f", "y")->flags & kSymDeleted);
    EXPECT_TRUE(a.symbol("f", "e")->flags & kSymDeleted);
    EXPECT_EQ(a.kind("g", "z"), "local");
    EXPECT_FALSE(a.scope("g")->has_annotations);
    EXPECT_EQ(names(a.scope("g")->locals), "z a d");
    EXPECT_TRUE(a.symbol("g", "a")->flags & kSymImported);
}

TEST(Scope, GlobalFunctionsStartAfresh) {
    Analysed a("def f():\n    global g\n    def g():\n        class C: pass\n");
    EXPECT_EQ(a.scope("f/g")->qualname, "g");
    EXPECT_EQ(a.scope("f/g/C")->qualname, "g.<locals>.C");
}

TEST(Scope, EveryNameKnowsItsSymbol) {
    Analysed a("def f(x):\n    return x.y + z\n");
    const auto* def = as<FunctionDef>(as<Module>(a.parsed.module)->body[0]);
    EXPECT_EQ(def->scope, a.scope("f"));
    const auto* sum = as<BinOp>(as<Return>(def->body[0])->value);
    EXPECT_EQ(as<Name>(as<Attribute>(sum->left)->value)->symbol, a.symbol("f", "x"));
    EXPECT_EQ(as<Name>(sum->right)->symbol, a.symbol("f", "z"));
}

TEST(Scope, UnevaluatedAnnotationsNameNothing) {
    Analysed a("from __future__ import annotations\ndef f(x: Unknown): pass\ny: Other = 1\n");
    EXPECT_EQ(a.kind("", "Unknown"), "absent");
    EXPECT_EQ(a.kind("", "Other"), "absent");
    EXPECT_EQ(a.kind("", "y"), "implicit");
}

TEST(Scope, TopLevelAwaitIsForWhoAsks) {
    EXPECT_TRUE(Analysed("await x").result.error);
    Analysed allowed("await x\nasync for y in z: pass\n[a async for a in b]\n", {.top_level_await = true});
    EXPECT_FALSE(allowed.result.error);
    EXPECT_TRUE(allowed.result.module->is_coroutine);
}

TEST(Scope, LongSpinesAndChains) {
    std::string sum = "x = a", chain = "if a: pass\n", nested;
    for (int i = 0; i < 100'000; i++) {
        sum += "[0].y() + a";
        chain += "elif b: pass\n";
    }
    EXPECT_FALSE(Analysed(sum).result.error);
    EXPECT_FALSE(Analysed(chain).result.error);
    for (int i = 0; i < 99; i++) nested += std::string(i, ' ') + "def f(x" + std::to_string(i) + "):\n";
    Analysed deep(nested + std::string(99, ' ') + "return x0 + x98\n");
    EXPECT_FALSE(deep.result.error);
    EXPECT_EQ(deep.kind("f", "x0"), "cell");
}

TEST(Scope, MemoryIsLimited) {
    const Source source = Source::from_text(
        "x.gen", "def f():\n" + [] {
            std::string body;
            for (int i = 0; i < 20'000; i++) body += "    x" + std::to_string(i) + " = 1\n";
            return body;
        }());
    Arena probe;
    ASSERT_TRUE(parse(source, probe).module);
    Arena arena(probe.used() + 1000);
    const ParseResult parsed = parse(source, arena);
    ASSERT_TRUE(parsed.module);
    EXPECT_TRUE(analyse_scopes(parsed.module, source, arena).out_of_memory);
}

}  // namespace
