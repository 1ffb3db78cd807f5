// Made by `make page-schema` out of the API's own document. Change nothing here.
export interface paths {
    "/api/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Tell who is signed in, whether the first owner is still to be made, and the token that changes need.
         *
         *     `csrf` goes into the header `X-CSRFToken` of each change by cookie. A request by bearer token gets none.
         */
        get: operations["auth_session_read"];
        put?: never;
        /** @description Sign in by name and password, or by an access token, and get the session's cookie. */
        post: operations["auth_session_begin"];
        /** @description Sign out: the session, or the token of this request, ends with its sockets. */
        delete: operations["auth_session_end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List your sessions and tokens that are good, the latest first; times of use are exact to the minute. */
        get: operations["auth_sessions_list"];
        put?: never;
        post?: never;
        /** @description End all your sessions and tokens but the one that makes this request, with their sockets. */
        delete: operations["auth_sessions_end_others"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description End one of your sessions or tokens, with its sockets. */
        delete: operations["auth_sessions_end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Make the first owner by the code of the link that the panel printed at its start, and sign them in. */
        post: operations["auth_setup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Change your own password; sessions and tokens end, but the session that asks. The answer holds a token. */
        post: operations["user_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user/me/rights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Tell what you may do now with which server. */
        get: operations["user_rights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/system/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Describe this machine, its engine and its backups. */
        get: operations["system_info"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/system/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Return one of the host's figures over time. */
        get: operations["system_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/snapshots/repository-usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Tell how full the repository's disk is; null when backups are not configured. */
        get: operations["snapshots_repository_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user/me/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List your API keys, the latest first, also those that have ended; times of use are exact to the minute. */
        get: operations["user_keys_list"];
        put?: never;
        /** @description Make a key; `token` is shown this once. It may what its verbs say and you may yourself, at any time. */
        post: operations["user_keys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user/me/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description End one of your keys, with its sockets. */
        delete: operations["user_keys_end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List all servers that you may see; a broken one comes with its ``problem``. */
        get: operations["servers_list"];
        put?: never;
        /** @description Create a server from a compose text or from parameters; it is not started. */
        post: operations["servers_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/defaults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Return what a form for a new server may begin with. */
        get: operations["servers_defaults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Describe one server in full. */
        get: operations["servers_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}/players": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Answer who is online, as last sampled; 409 unless HEALTHY, or RUNNING and the game answers all the same. */
        get: operations["servers_players"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}/rcon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Run one command in the game and return its answer. */
        post: operations["servers_rcon"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List what was done to the server, newest first. */
        get: operations["operations_list"];
        put?: never;
        /** @description Carry out one operation, to its end even if the client leaves. */
        post: operations["operations_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Ask for the end of a running operation; it cleans up before it ends. */
        post: operations["operations_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List the operations of all servers that you may see, newest first, without their output. */
        get: operations["operations_list_all"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Return one operation; while it runs, with its output so far. */
        get: operations["operations_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/attention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List what needs attention, the worst first: of the servers that you may see, and of all where you may. */
        get: operations["attention_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Make a snapshot of the server, or of a path of its data. */
        post: operations["server_snapshots_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description * `everything` - everything
         *     * `granted` - granted
         * @enum {string}
         */
        AccessEnum: "everything" | "granted";
        /** @description One matter: a sentence, and the same as a code and its parameters for another language. */
        AttentionItem: {
            code: components["schemas"]["CodeEnum"];
            params: {
                [key: string]: unknown;
            };
            tone: components["schemas"]["ToneEnum"];
            sentence: string;
            advice: string;
            /** @description empty: of no single server */
            server_id: string;
            /** Format: date-time */
            since: string | null;
            /**
             * @description where to look
             *
             *     * `open_server` - open_server
             *     * `open_operation` - open_operation
             *     * `open_snapshots` - open_snapshots
             *     * `open_system` - open_system
             */
            action: components["schemas"]["AttentionItemActionEnum"];
            /** @description id of the operation that it is about */
            operation: string;
        };
        /**
         * @description * `open_server` - open_server
         *     * `open_operation` - open_operation
         *     * `open_snapshots` - open_snapshots
         *     * `open_system` - open_system
         * @enum {string}
         */
        AttentionItemActionEnum: "open_server" | "open_operation" | "open_snapshots" | "open_system";
        /**
         * @description * `engine_away` - engine_away
         *     * `server_problem` - server_problem
         *     * `server_down` - server_down
         *     * `server_unwell` - server_unwell
         *     * `saving_off` - saving_off
         *     * `no_repository` - no_repository
         *     * `repository_warning` - repository_warning
         *     * `repository_same_disk` - repository_same_disk
         *     * `repository_unread` - repository_unread
         *     * `snapshot_warning` - snapshot_warning
         *     * `no_backup` - no_backup
         *     * `backup_late` - backup_late
         *     * `disk_low` - disk_low
         *     * `operation_failed` - operation_failed
         *     * `audit_lost` - audit_lost
         * @enum {string}
         */
        CodeEnum: "engine_away" | "server_problem" | "server_down" | "server_unwell" | "saving_off" | "no_repository" | "repository_warning" | "repository_same_disk" | "repository_unread" | "snapshot_warning" | "no_backup" | "backup_late" | "disk_low" | "operation_failed" | "audit_lost";
        /** @description Where the game keeps its files: what it sees as `/data`. */
        DataRoot: {
            /**
             * @description folder: in the server's directory. volume: a named volume of the engine. elsewhere: out of reach
             *
             *     * `folder` - folder
             *     * `volume` - volume
             *     * `elsewhere` - elsewhere
             */
            kind: components["schemas"]["KindEnum"];
            /** @description whether a snapshot of the server holds these files */
            inSnapshots: boolean;
            /** @description the place in words; with `elsewhere` what to do about it */
            sentence: string;
        };
        /** @description What a form for a new server may begin with. */
        Defaults: {
            gamePort: number;
            rconPort: number;
            types: string[];
            /** @description by type, of a server that is there */
            versions: {
                [key: string]: string;
            };
        };
        /** @description The Docker engine and Compose; versions are null until they are known. */
        Engine: {
            reachable: boolean;
            version: string | null;
            composeVersion: string | null;
            cgroupVersion: string | null;
            problem: string | null;
        };
        /** @description One finding of the safety policy, and whether an owner has accepted it for exactly this text. */
        Finding: {
            code: string;
            message: string;
            line: number | null;
            file: string | null;
            accepted: boolean;
        };
        /** @description One figure over time, a point for every step. */
        History: {
            metric: string;
            unit: string;
            points: unknown[][];
        };
        /** @description A key, without its token. */
        Key: {
            id: number;
            prefix: string;
            name: string;
            verbs: string[];
            servers: string[];
            networks: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            /** Format: date-time */
            last_used_at: string | null;
            last_address: string;
            /** Format: date-time */
            ended_at: string | null;
            ended_why: string;
        };
        /** @description A key to be made; ``accounts.keys`` judges what it says. */
        KeyWantedRequest: {
            name: string;
            /** @description verbs of servers, which bring `view`, and `create` for new servers */
            verbs: string[];
            /** @description ids, or patterns with `*` */
            servers?: string[];
            /** @description addresses or ranges that it may be used from; none: from everywhere */
            networks?: string[];
            /**
             * Format: date-time
             * @description within a year; 90 days from now by itself
             */
            expires_at?: string;
        };
        /**
         * @description * `folder` - folder
         *     * `volume` - volume
         *     * `elsewhere` - elsewhere
         * @enum {string}
         */
        KindEnum: "folder" | "volume" | "elsewhere";
        /**
         * @description * `page` - page
         *     * `admin_site` - admin_site
         *     * `token` - token
         *     * `code` - code
         * @enum {string}
         */
        MethodEnum: "page" | "admin_site" | "token" | "code";
        /** @description Where a server's game writes and the snapshot does not reach. */
        MissingPlace: {
            server_id: string;
            place: string;
            why: string;
        };
        /** @description What the caller may do now, on the servers that are there. */
        MyRights: {
            access: components["schemas"]["AccessEnum"];
            create: boolean;
            servers: {
                [key: string]: ("view" | "console" | "command" | "players" | "power" | "files.read" | "files.write" | "backup" | "restore" | "tasks" | "compose" | "remove")[];
            };
            /** @description by server: first words of the commands that are allowed without the verb `command` */
            commands: {
                [key: string]: string[];
            };
        };
        /** @description A key that was just made, with its token, which is shown this once. */
        NewKey: {
            id: number;
            prefix: string;
            name: string;
            verbs: string[];
            servers: string[];
            networks: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            /** Format: date-time */
            last_used_at: string | null;
            last_address: string;
            /** Format: date-time */
            ended_at: string | null;
            ended_why: string;
            token: string;
        };
        /** @description Name and password, or a token that a code has brought; and whether the session outlives the browser. */
        NewSessionRequest: {
            username?: string;
            password?: string;
            access_token?: string;
            /** @default false */
            remember: boolean;
        };
        NullEnum: null;
        /** @description One operation. */
        Operation: {
            /** Format: uuid */
            id: string;
            serverId: string;
            kind: string;
            state: components["schemas"]["OperationStateEnum"];
            startedBy: string;
            origin: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            finishedAt: string | null;
            output: string;
            /** Format: double */
            percent: number | null;
            stage: string;
            /** @description of this step */
            bytesDone: number | null;
            bytesTotal: number | null;
            /** @description until the step is done, a guess; null once it has ended */
            etaSeconds: number | null;
            /** @description false once it has ended */
            canCancel: boolean;
            error: string;
            warnings: string[];
            result: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What an operation answers: a sentence and its record. */
        OperationAnswer: {
            message: string;
            operation: components["schemas"]["Operation"];
        };
        /** @description A page of operations; ``next`` is the cursor of the following page. */
        OperationList: {
            operations: components["schemas"]["Operation"][];
            next: string | null;
        };
        /** @enum {string} */
        OperationRequestActionEnum: "start" | "stop" | "restart" | "up" | "down" | "remove" | "kill" | "pull";
        /** @description Body of ``POST /servers/{id}/operations``. */
        OperationRequestRequest: {
            action: components["schemas"]["OperationRequestActionEnum"];
            /** @description owners only; codes of the safety policy */
            accept_findings?: string[];
        };
        /**
         * @description * `running` - running
         *     * `succeeded` - succeeded
         *     * `failed` - failed
         *     * `interrupted` - interrupted
         *     * `cancelled` - cancelled
         * @enum {string}
         */
        OperationStateEnum: "running" | "succeeded" | "failed" | "interrupted" | "cancelled";
        /** @description One operation in a list of those of all servers: without its output. */
        OperationSummary: {
            /** Format: uuid */
            id: string;
            serverId: string;
            kind: string;
            state: components["schemas"]["OperationStateEnum"];
            startedBy: string;
            origin: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            finishedAt: string | null;
            /** Format: double */
            percent: number | null;
            stage: string;
            /** @description of this step */
            bytesDone: number | null;
            bytesTotal: number | null;
            /** @description until the step is done, a guess; null once it has ended */
            etaSeconds: number | null;
            /** @description false once it has ended */
            canCancel: boolean;
            error: string;
            warnings: string[];
            result: {
                [key: string]: unknown;
            } | null;
        };
        /** @description A page of operations of all servers; ``next`` is the cursor of the following page. */
        OperationSummaryList: {
            operations: components["schemas"]["OperationSummary"][];
            next: string | null;
        };
        /** @description A token that goes on; all others were ended. */
        PasswordChanged: {
            access_token: string;
            token_type: components["schemas"]["TokenTypeEnum"];
            message: string;
        };
        /** @description A new password, and the proof that it is one's own account. */
        PasswordRequest: {
            old_password: string;
            new_password: string;
        };
        /**
         * @description Who is online; ``sampledAt`` is null before the first sample, ``motd`` and ``latencyMs`` without a ping.
         *
         *     ``onlineCount`` exceeds the names where the game takes no commands and its ping tells none, or few.
         */
        Players: {
            onlinePlayers: string[];
            onlineCount: number;
            maxPlayers: number | null;
            /** Format: date-time */
            sampledAt: string | null;
            motd: string | null;
            /** Format: double */
            latencyMs: number | null;
        };
        /** @description One entry of ``ports``; a range is told by its first numbers and ``count``. Null: a variable hides it. */
        Port: {
            host: string | null;
            published: number | null;
            target: number | null;
            count: number;
            protocol: string | null;
        };
        Problem: {
            /** @description What was wrong and what to do, for a person. */
            detail: string;
            /** @description Stable, for a program. */
            code: string;
            /** @description Of a compose file: broken rules (400), or what an owner would have to accept (403). */
            findings?: {
                code: string;
                message: string;
                line: number | null;
                file: string | null;
            }[];
            /** @description On 502 of a compose update: the old file runs again, on a world that no other version had. */
            restored?: boolean;
            /** @description On 502 of a compose update: what is as before; data is not once the new file ran. */
            restored_parts?: {
                compose?: boolean;
                data?: boolean;
            };
            /** @description On 502 of a compose update: the snapshot of the server before it. */
            safety_snapshot_id?: string | null;
            /** @description On 502 of a compose update: what Docker or the game said. */
            reason?: string;
            /** @description On 412, and on 502 of a compose update: the tag of the file that is there now. */
            etag?: string | null;
            /** @description On 400: the messages by field. */
            errors?: {
                [key: string]: string[];
            };
        };
        /** @description The game's answer, colours removed. */
        RconAnswer: {
            result: string;
            command: string;
        };
        /** @description Body of ``POST /servers/{id}/rcon``. */
        RconRequestRequest: {
            command: string;
        };
        /**
         * @description * `flushed` - flushed
         * @enum {string}
         */
        RequireEnum: "flushed";
        /**
         * @description The backup program; ``confinedBy`` is null until it is known, and empty with a ``warning`` if nothing can.
         *
         *     ``warning`` also says when the repository lies on the servers' own disk.
         */
        Restic: {
            version: string | null;
            configured: boolean;
            problem: string | null;
            confinedBy: ("landlock" | "mounts")[] | null;
            warning: string | null;
        };
        /**
         * @description * `owner` - owner
         *     * `admin` - admin
         * @enum {string}
         */
        RoleEnum: "owner" | "admin";
        /**
         * @description * `flushed` - flushed
         *     * `stopped` - stopped
         *     * `unconfirmed` - unconfirmed
         *     * `live` - live
         *     * `partial` - partial
         * @enum {string}
         */
        SavedEnum: "flushed" | "stopped" | "unconfirmed" | "live" | "partial";
        /**
         * @description * `server` - server
         *     * `path` - path
         *     * `global` - global
         * @enum {string}
         */
        ScopeEnum: "server" | "path" | "global";
        /** @description Body of ``POST /servers``: a compose text, or parameters for our template. */
        ServerCreateRequest: {
            /** @description owners only; codes of the safety policy */
            accept_findings?: string[];
            id: string;
            yaml_content?: string;
            accept_eula?: boolean;
            type?: string;
            version?: string;
            /** @description of the image; `auto`: what the version needs */
            java?: ("auto" | "8" | "11" | "17" | "21" | "25") | (8 | 11 | 17 | 21 | 25);
            max_memory?: string;
            game_port?: number;
            rcon_port?: number;
            motd?: string;
            max_players?: number;
            online_mode?: boolean;
        };
        /**
         * @description One server in full. Values of secret variables are masked; ``hints`` name conventions that the file breaks.
         *
         *     ``games``: the services that are games, the main one first, whose are commands, players, console and figures.
         */
        ServerDetail: {
            id: string;
            name: string;
            serverType: string;
            gameVersion: string;
            gamePort: number;
            maxMemoryBytes: number;
            rconPort: number;
            javaVersion: number | null;
            status: components["schemas"]["ServerStatusEnum"];
            statusReason: string | null;
            /**
             * @description what the reason is; it never changes. Null: there is no reason
             *
             *     * `never_started` - never_started
             *     * `start_failed` - start_failed
             *     * `ended` - ended
             *     * `crashed` - crashed
             *     * `oom_killed` - oom_killed
             *     * `killed` - killed
             *     * `stop_timed_out` - stop_timed_out
             *     * `crash_loop` - crash_loop
             *     * `paused` - paused
             *     * `unhealthy` - unhealthy
             *     * `restarted` - restarted
             *     * `no_health_check` - no_health_check
             *     * `asleep` - asleep
             *     * `other_game` - other_game
             *     * `engine_away` - engine_away
             *     * `container_unread` - container_unread
             *     * `owner_unknown` - owner_unknown
             */
            statusReasonCode: components["schemas"]["StatusReasonCodeEnum"] | components["schemas"]["NullEnum"];
            /** @description what the reason's sentence says besides; empty without a reason */
            statusReasonParams: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            since: string | null;
            /** Format: double */
            cpuPercentage: number | null;
            memoryUsageBytes: number | null;
            onlinePlayers: string[] | null;
            diskUsageBytes: number | null;
            problem: string | null;
            /** @description the machine; null where there is one */
            node: string | null;
            image: string | null;
            environment: {
                [key: string]: string | null;
            };
            ports: components["schemas"]["Port"][];
            volumes: components["schemas"]["Volume"][];
            restart: string | null;
            warnings: string[];
            hints: string[];
            games: string[];
            dataRoot: components["schemas"]["DataRoot"];
            findings: components["schemas"]["Finding"][];
        };
        /** @description One server in a list. Figures of use are null until they are sampled. */
        ServerItem: {
            id: string;
            name: string;
            serverType: string;
            gameVersion: string;
            gamePort: number;
            maxMemoryBytes: number;
            rconPort: number;
            javaVersion: number | null;
            status: components["schemas"]["ServerStatusEnum"];
            statusReason: string | null;
            /**
             * @description what the reason is; it never changes. Null: there is no reason
             *
             *     * `never_started` - never_started
             *     * `start_failed` - start_failed
             *     * `ended` - ended
             *     * `crashed` - crashed
             *     * `oom_killed` - oom_killed
             *     * `killed` - killed
             *     * `stop_timed_out` - stop_timed_out
             *     * `crash_loop` - crash_loop
             *     * `paused` - paused
             *     * `unhealthy` - unhealthy
             *     * `restarted` - restarted
             *     * `no_health_check` - no_health_check
             *     * `asleep` - asleep
             *     * `other_game` - other_game
             *     * `engine_away` - engine_away
             *     * `container_unread` - container_unread
             *     * `owner_unknown` - owner_unknown
             */
            statusReasonCode: components["schemas"]["StatusReasonCodeEnum"] | components["schemas"]["NullEnum"];
            /** @description what the reason's sentence says besides; empty without a reason */
            statusReasonParams: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            since: string | null;
            /** Format: double */
            cpuPercentage: number | null;
            memoryUsageBytes: number | null;
            onlinePlayers: string[] | null;
            diskUsageBytes: number | null;
            problem: string | null;
            /** @description the machine; null where there is one */
            node: string | null;
        };
        /** @description What of a server to save. */
        ServerSnapshotRequestRequest: {
            path?: string | null;
            require?: components["schemas"]["RequireEnum"] | components["schemas"]["NullEnum"];
        };
        /**
         * @description * `REMOVED` - REMOVED
         *     * `EXISTS` - EXISTS
         *     * `CREATED` - CREATED
         *     * `RUNNING` - RUNNING
         *     * `STARTING` - STARTING
         *     * `HEALTHY` - HEALTHY
         *     * `UNKNOWN` - UNKNOWN
         * @enum {string}
         */
        ServerStatusEnum: "REMOVED" | "EXISTS" | "CREATED" | "RUNNING" | "STARTING" | "HEALTHY" | "UNKNOWN";
        /** @description Who is signed in, and what a page needs to go on. */
        Session: {
            user: components["schemas"]["UserPublic"] | null;
            setup_needed: boolean;
            csrf: string | null;
        };
        /** @description The code of the link, and the first owner. */
        SetupRequest: {
            username: string;
            password: string;
            code: string;
        };
        /** @description A session or token of one's own. */
        SignIn: {
            id: number;
            method: components["schemas"]["MethodEnum"];
            /** Format: date-time */
            began_at: string;
            /** Format: date-time */
            last_seen_at: string;
            /** Format: date-time */
            expires_at: string;
            address: string;
            agent: string;
            /** @description Tell whether it makes this request. */
            readonly current: boolean;
        };
        /**
         * @description One snapshot. What its tags do not say is null: somebody else made it.
         *
         *     ``foreign``: another panel made it, or restic alone: it can be restored, and no rule or deletion touches it.
         */
        Snapshot: {
            id: string;
            short_id: string;
            /** Format: date-time */
            time: string;
            paths: string[];
            hostname: string;
            username: string;
            tags: string[];
            program_version: string | null;
            tree: string;
            server_id: string | null;
            scope: components["schemas"]["ScopeEnum"] | components["schemas"]["NullEnum"];
            trigger: components["schemas"]["TriggerEnum"] | components["schemas"]["NullEnum"];
            saved: components["schemas"]["SavedEnum"] | components["schemas"]["NullEnum"];
            missing: components["schemas"]["MissingPlace"][];
            warnings: string[];
            pinned: boolean;
            foreign: boolean;
            summary: components["schemas"]["SnapshotSummary"] | null;
        };
        /**
         * @description A snapshot just made; ``warnings`` say what of it could be better, ``skipped`` names servers left out.
         *
         *     ``skipped_because`` holds a sentence for each of them, by its id.
         */
        SnapshotAnswer: {
            message: string;
            snapshot: components["schemas"]["Snapshot"];
            warnings: string[];
            skipped: string[];
            skipped_because: {
                [key: string]: string;
            };
        };
        /** @description What a backup found and added; sizes in bytes. Null is what this restic does not tell. */
        SnapshotSummary: {
            /** Format: date-time */
            backup_start: string | null;
            /** Format: date-time */
            backup_end: string | null;
            files_new: number | null;
            files_changed: number | null;
            files_unmodified: number | null;
            dirs_new: number | null;
            dirs_changed: number | null;
            dirs_unmodified: number | null;
            data_blobs: number | null;
            tree_blobs: number | null;
            data_added: number | null;
            data_added_packed: number | null;
            total_files_processed: number | null;
            total_bytes_processed: number | null;
            /** Format: double */
            total_duration: number | null;
        };
        /**
         * @description * `never_started` - never_started
         *     * `start_failed` - start_failed
         *     * `ended` - ended
         *     * `crashed` - crashed
         *     * `oom_killed` - oom_killed
         *     * `killed` - killed
         *     * `stop_timed_out` - stop_timed_out
         *     * `crash_loop` - crash_loop
         *     * `paused` - paused
         *     * `unhealthy` - unhealthy
         *     * `restarted` - restarted
         *     * `no_health_check` - no_health_check
         *     * `asleep` - asleep
         *     * `other_game` - other_game
         *     * `engine_away` - engine_away
         *     * `container_unread` - container_unread
         *     * `owner_unknown` - owner_unknown
         * @enum {string}
         */
        StatusReasonCodeEnum: "never_started" | "start_failed" | "ended" | "crashed" | "oom_killed" | "killed" | "stop_timed_out" | "crash_loop" | "paused" | "unhealthy" | "restarted" | "no_health_check" | "asleep" | "other_game" | "engine_away" | "container_unread" | "owner_unknown";
        /** @description The host. GB means 1024^3 bytes; the backup figures are null when backups are not configured. */
        SystemInfo: {
            /** Format: double */
            cpuPercentage: number;
            /** Format: double */
            diskUsedGB: number;
            /** Format: double */
            diskTotalGB: number;
            /** Format: double */
            diskAvailableGB: number;
            /** Format: double */
            cpuLoad1Min: number;
            /** Format: double */
            cpuLoad5Min: number;
            /** Format: double */
            cpuLoad15Min: number;
            cpuCount: number;
            /** Format: double */
            ramUsedGB: number;
            /** Format: double */
            ramTotalGB: number;
            /** Format: double */
            backupUsedGB: number | null;
            /** Format: double */
            backupTotalGB: number | null;
            /** Format: double */
            backupAvailableGB: number | null;
            engine: components["schemas"]["Engine"];
            restic: components["schemas"]["Restic"];
        };
        /**
         * @description * `bearer` - bearer
         * @enum {string}
         */
        TokenTypeEnum: "bearer";
        /**
         * @description * `bad` - bad
         *     * `warn` - warn
         *     * `info` - info
         * @enum {string}
         */
        ToneEnum: "bad" | "warn" | "info";
        /**
         * @description * `manual` - manual
         *     * `schedule` - schedule
         *     * `safety` - safety
         * @enum {string}
         */
        TriggerEnum: "manual" | "schedule" | "safety";
        /** @description What everybody may know of a user. */
        UserPublic: {
            id: number;
            username: string;
            role: components["schemas"]["RoleEnum"];
            /** Format: date-time */
            created_at: string;
        };
        /** @description One entry of ``volumes``. */
        Volume: {
            type: string;
            source: string | null;
            target: string;
            readOnly: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    auth_session_read: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_session_begin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewSessionRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_session_end: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_sessions_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignIn"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_sessions_end_others: {
        parameters: {
            query: {
                /** @description Has to be 1. */
                others: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_sessions_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetupRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordChanged"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_rights: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyRights"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    system_info: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemInfo"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    system_history: {
        parameters: {
            query: {
                /** @description ISO 8601, or seconds since 1970; an hour before `to` when left out */
                from?: string;
                metric: "cpuLoad1Min" | "cpuPercentage" | "diskUsedBytes" | "ramUsedBytes";
                /** @description seconds between points, 5 at least; 60 at least beyond the last hour; chosen for at most 400 points when left out */
                step?: number;
                /** @description ISO 8601, or seconds since 1970; now when left out */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snapshots_repository_usage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        backupUsedGB: number | null;
                        backupTotalGB: number | null;
                        backupAvailableGB: number | null;
                        repositorySizeBytes: number | null;
                        snapshotCount: number | null;
                    } | null;
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_keys_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_keys_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyWantedRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_keys_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerItem"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServerCreateRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerItem"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_defaults: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Defaults"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerDetail"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_players: {
        parameters: {
            query?: {
                /** @description One of `games`, where a server has several; without it, the first of them. */
                service?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Players"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_rcon: {
        parameters: {
            query?: {
                /** @description One of `games`, where a server has several; without it, the first of them. */
                service?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RconRequestRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RconAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_list: {
        parameters: {
            query?: {
                /** @description those of removed servers of this id, too */
                all?: boolean;
                /** @description `next` of the page before */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationList"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description `respond-async`: do not wait */
                Prefer?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OperationRequestRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_list_all: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: string;
                /** @description `up`, `backup`, … */
                kind?: string;
                /** @description its id; empty: those of no single server */
                server?: string;
                state?: "cancelled" | "failed" | "interrupted" | "running" | "succeeded";
                /** @description who began it */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationSummaryList"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attention_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttentionItem"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_snapshots_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description `respond-async`: do not wait */
                Prefer?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ServerSnapshotRequestRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotAnswer"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
