# Completion of `manage.py` in bash: source deploy/completion.bash  (commands and their options; Django answers)
_mcadmin() {
    COMPREPLY=($(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD DJANGO_AUTO_COMPLETE=1 "$1" 2>/dev/null))
}
_mcadmin_by_python() {
    [[ ${COMP_WORDS[1]##*/} == manage.py ]] || return
    COMPREPLY=($(COMP_WORDS="${COMP_WORDS[*]:1}" COMP_CWORD=$((COMP_CWORD - 1)) DJANGO_AUTO_COMPLETE=1 \
        "${COMP_WORDS[0]}" "${COMP_WORDS[1]}" 2>/dev/null))
}
complete -F _mcadmin -o default manage.py ./manage.py
complete -F _mcadmin_by_python -o default python python3 .venv/bin/python
