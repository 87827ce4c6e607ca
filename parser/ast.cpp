#include "parser/ast.h"

namespace gen::ast {

ExprNode* spine_child(const ExprNode* node) {
    switch (node->kind) {
        case NodeKind::BinOp:
            return as<BinOp>(node)->left;
        case NodeKind::UnaryOp:
            return as<UnaryOp>(node)->operand;
        case NodeKind::IfExp:
            return as<IfExp>(node)->orelse;
        case NodeKind::Attribute:
            return as<Attribute>(node)->value;
        case NodeKind::Subscript:
            return as<Subscript>(node)->value;
        case NodeKind::Call:
            return as<Call>(node)->func;
        default:
            return nullptr;
    }
}

const char* kind_name(NodeKind kind) {
    static constexpr const char* kNames[] = {
#define MOD(Name, fields) #Name,
#define STMT(Name, fields) #Name,
#define EXPR(Name, fields) #Name,
#define PATTERN(Name, fields) #Name,
#define PART(Name, fields) #Name,
#define RECORD(Name, fields) #Name,
#include "parser/ast.def"
    };
    return kNames[static_cast<size_t>(kind)];
}

const char* symbol_of(Operator op) {
    static constexpr const char* kSymbols[] = {"+",  "-",  "*", "@", "/", "%", "**",
                                               "<<", ">>", "|", "^", "&", "//"};
    return kSymbols[static_cast<size_t>(op)];
}

const char* symbol_of(UnaryOperator op) {
    static constexpr const char* kSymbols[] = {"~", "not ", "+", "-"};
    return kSymbols[static_cast<size_t>(op)];
}

const char* symbol_of(CompareOperator op) {
    static constexpr const char* kSymbols[] = {"==", "!=", "<",      "<=", ">",
                                               ">=", "is", "is not", "in", "not in"};
    return kSymbols[static_cast<size_t>(op)];
}

}  // namespace gen::ast
