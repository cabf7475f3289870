"""The part of completions/cpctl.bash that puts a line together again, and finds what of it readline would replace."""

WORDS = r"""
# Sets given to the words before the one at the cursor, and cur to that one up to the cursor: whole, as they were before
# bash took them apart at = : and @, without their quotes, and without redirections; where a redirection is to go is
# files. front is what of cur stands before the part that is replaced.
_cpctl_words() {
    builtin local left="${COMP_LINE-${COMP_WORDS[*]}}" word raw="" command=1 target="" i bare open
    given=()
    if [[ ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -lt 43 ]]; then
        builtin local LC_ALL=C # COMP_POINT counts bytes there
    fi
    left=${left:0:${COMP_POINT:-${#left}}}
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]-}
        if [[ $i -gt 0 && $left == [[:space:]]* ]]; then
            _cpctl_word_ends
        elif [[ $word == [\<\>]* ]] && ! _cpctl_numbers "$raw"; then
            _cpctl_word_ends
        fi
        left=${left#"${left%%[![:space:]]*}"}
        if [[ $left == "$word"* ]]; then
            left=${left#"$word"}
        else
            word=$left left="" # the cursor stands in it
        fi
        raw=$raw$word
    done
    if [[ -n $target ]] || _cpctl_redirects; then
        files=1
    fi
    _cpctl_bare "$raw" last
    cur=$bare front=${bare:0:open}
}

# Puts raw among the words given, unless it is the command itself, a redirection, or where one goes.
_cpctl_word_ends() {
    if _cpctl_redirects; then
        [[ $raw == *[!\<\>] ]] || target=1
    elif [[ -n $target ]]; then
        target=""
    elif [[ -n $command ]]; then
        command=""
    else
        _cpctl_bare "$raw"
        given[${#given[@]}]=$bare
    fi
    raw=""
}

# Whether raw is a redirection: < or > with nothing before it but what may number a file.
_cpctl_redirects() {
    [[ $raw == *[\<\>]* ]] && _cpctl_numbers "${raw%%[\<\>]*}"
}

_cpctl_numbers() {
    [[ $1 != *[!0-9]* || $1 == \{*\} ]]
}

# Sets bare to $1 without its quotes and backslashes, and quote to the quote that is open at its end. Of the last word,
# sets open to how much of bare readline leaves as it is: it replaces what stands behind an open quote, or else behind
# the last sign that takes words apart.
_cpctl_bare() {
    builtin local rest="$1" part begun=0
    bare="" quote="" open=0
    while [[ -n $rest ]]; do
        case $quote in
            "'") part=${rest%%"'"*} ;;
            *) part=${rest%%[\"\'\\]*} ;;
        esac
        [[ -n $quote || -z ${2-} ]] || _cpctl_taken_apart "$part"
        bare=$bare$part
        rest=${rest#"$part"}
        case $quote:$rest in
            *:) break ;;
            :\\* | \":\\*) bare=$bare${rest:1:1} rest=${rest:1} ;;
            \':\'* | \":\"*) quote="" ;;
            :*) quote=${rest:0:1} begun=${#bare} ;;
            *) bare=$bare${rest:0:1} ;;
        esac
        rest=${rest:1}
    done
    [[ -z $quote ]] || open=$begun
}

# Sets open to where, in bare followed by $1, readline begins: behind a sign, but at an @.
_cpctl_taken_apart() {
    builtin local i
    for ((i = ${#1} - 1; i >= 0; i--)); do
        if [[ ${COMP_WORDBREAKS-} == *"${1:i:1}"* ]]; then
            open=$((${#bare} + i))
            [[ ${1:i:1} == [@\$] ]] || open=$((open + 1))
            return 0
        fi
    done
}

"""
