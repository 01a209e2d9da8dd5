# The built program, driven from outside.
if(TARGET moot)
    foreach(name commands groups scenarios repair tickets honest)
        add_test(NAME integration_${name}
            COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/${name}_test.py)
        set_tests_properties(integration_${name} PROPERTIES TIMEOUT 600
            ENVIRONMENT "MOOT=$<TARGET_FILE:moot>;PYTHONDONTWRITEBYTECODE=1")
    endforeach()
    if(TARGET moot_shim)
        foreach(name failing_calls full_disk)
            add_test(NAME integration_${name}
                COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/integration/${name}_test.py)
            set_tests_properties(integration_${name} PROPERTIES TIMEOUT 600 ENVIRONMENT
                "MOOT=$<TARGET_FILE:moot>;MOOT_SHIM=$<TARGET_FILE:moot_shim>;PYTHONDONTWRITEBYTECODE=1")
        endforeach()
    endif()
endif()

# The example of README.md compiles and runs.
if(TARGET folkmoot_replica)
    add_executable(embed_example ${CMAKE_CURRENT_SOURCE_DIR}/install/embed_example.cpp)
    target_link_libraries(embed_example PRIVATE folkmoot_options folkmoot_replica)
    add_test(NAME embed_example COMMAND embed_example)
endif()
